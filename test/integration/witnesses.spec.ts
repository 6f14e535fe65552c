import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './control-plane.js';
import { EvidenceServices, type SignedHead } from './evidence-services.js';
import { byCommand, byOneFile } from './evidence-verdicts.js';

const SETTLE_MS = 120_000;
const TSA_SETTINGS = (dir: string): string => `[tsa]
default_tsa = one
[one]
dir = ${dir}
serial = ${dir}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
`;

/** A time-stamp authority as openssl has it. */
async function authorityIn(dir: string): Promise<{ answer(question: Buffer): Buffer; certificate: string }> {
  await mkdir(dir);
  const [settings, certificate, key] = ['tsa.cnf', 'tsa.crt', 'tsa.key'].map((name) => join(dir, name)) as [string, string, string];
  await writeFile(settings, TSA_SETTINGS(dir));
  await writeFile(join(dir, 'serial'), '01\n');
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', certificate, '-subj', '/CN=stamps', '-days', '30', '-addext', 'extendedKeyUsage=critical,timeStamping', '-addext', 'keyUsage=critical,digitalSignature'], { stdio: 'ignore' });
  const answer = (question: Buffer): Buffer => {
    const [asked, given] = [join(dir, 'asked.tsq'), join(dir, 'given.tsr')];
    execFileSync('node', ['-e', 'require("fs").writeFileSync(process.argv[1], require("fs").readFileSync(0))', asked], { input: question });
    execFileSync('openssl', ['ts', '-reply', '-config', settings, '-queryfile', asked, '-signer', certificate, '-inkey', key, '-out', given], { stdio: 'ignore' });
    return execFileSync('cat', [given]);
  };
  return { answer, certificate };
}

const bodyOf = async (request: IncomingMessage): Promise<Buffer> => Buffer.concat(await request.toArray() as Buffer[]);

let dir: string;
let services: EvidenceServices;
let server: Server;
let authority: Awaited<ReturnType<typeof authorityIn>>;
const told: SignedHead[] = [];
/** What the endpoint and the authority answer with at the moment. */
let mood: 'well' | 'away' | 'other-question' = 'well';

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await bodyOf(request);
  if (mood === 'away') return void response.writeHead(503).end();
  if (request.url === '/heads') {
    told.push(JSON.parse(body.toString('utf8')) as SignedHead);
    return void response.writeHead(204).end();
  }
  // An answer that was given to another question before.
  if (mood === 'other-question') body[body.length - 5] = (body[body.length - 5] ?? 0) ^ 1;
  response.writeHead(200, { 'content-type': 'application/timestamp-reply' }).end(authority.answer(body));
}

const linesIn = async (file: string): Promise<Record<string, unknown>[]> => (await readFile(file, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Record<string, unknown>);
const states = (): Promise<{ name: string; size: string; failing_since: Date | null; problem: string | null }[]> => services.doors.plane.sql(`SELECT name, size, failing_since, problem FROM reporting.witness ORDER BY name`);

const findings = (): Promise<{ state: string }[]> => services.doors.plane.sql(`SELECT state FROM reporting.finding WHERE code = 'witness-behind'`);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mailwarden-witnesses-'));
  authority = await authorityIn(join(dir, 'tsa'));
  server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  services = await EvidenceServices.start(['mx-1'], { MAILWARDEN_WITNESS_FILE: join(dir, 'heads.jsonl'), MAILWARDEN_WITNESS_URL: `${url}/heads`, MAILWARDEN_WITNESS_TSA_URL: `${url}/stamp`, MAILWARDEN_WITNESS_TSA_FILE: join(dir, 'stamps.jsonl'), MAILWARDEN_WITNESS_TSA_MINUTES: 0.001 as unknown as string });
}, SETTLE_MS);
afterAll(async () => {
  await services?.close();
  server?.close();
  await rm(dir, { recursive: true, force: true });
});

describe('witnesses of the ledger', () => {
  it('are each handed the head that was signed, and it is kept', async () => {
    // One from before it, however quick the machine is.
    await services.head();
    await services.rotate('mx-1');
    const head = await services.head();
    await eventually('all of them have it', async () => ((await states()).filter(({ size, failing_since: failing }) => Number(size) >= head.payload.size && failing === null).length === 3 ? true : undefined), 30_000);
    expect((await linesIn(join(dir, 'heads.jsonl'))).at(-1)).toMatchObject(head as unknown as Record<string, unknown>);
    expect(told.at(-1)).toEqual(head);
    expect((await linesIn(join(dir, 'stamps.jsonl'))).at(-1)).toMatchObject({ payload: head.payload, token: expect.any(String) });
  }, SETTLE_MS);

  it('have their lines and tokens held against a pack by both verifiers', async () => {
    const pack = await services.export();
    const stamp = (await linesIn(join(dir, 'stamps.jsonl'))).at(-1) ?? {};
    const token = await services.write('head.tst', Buffer.from(String(stamp['token']), 'base64'));
    for (const checkpoint of [join(dir, 'heads.jsonl'), join(dir, 'stamps.jsonl'), await services.write('line.json', JSON.stringify(stamp))]) {
      expect(await byCommand(services.doors, pack, { checkpoint })).toMatchObject({ holds: true, continues: expect.any(Number) });
      expect(await byOneFile(pack, { checkpoint })).toMatchObject({ holds: true, continues: expect.any(Number) });
    }
    expect(await byCommand(services.doors, pack, { checkpoint: token })).toMatchObject({ holds: true, notes: expect.arrayContaining([expect.stringContaining('time stamp of 20')]) });
    expect(await byOneFile(pack, { checkpoint: token })).toMatchObject({ holds: true });
    await services.rotate('mx-1');
    await services.head();
    const other = await services.export('--from', '2020-01-01', '--to', '2020-01-02');
    for (const verdict of [await byCommand(services.doors, other, { checkpoint: token }), await byOneFile(other, { checkpoint: token })]) expect(verdict.problems[0]).toMatchObject({ code: 'wrong-checkpoint', message: expect.stringContaining('stamped') });
    // What the authority signed is what was asked for, by the judgement of openssl.
    const [data, tsr] = [await services.write('head.json', stampedText(stamp)), token];
    expect(execFileSync('openssl', ['ts', '-verify', '-data', data, '-in', tsr, '-token_in', '-CAfile', authority.certificate, '-partial_chain'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })).toContain('Verification: OK');
  }, SETTLE_MS);

  it('hold up nobody while they are away, are a finding after a while, and get the newest when they are back', async () => {
    mood = 'away';
    await services.rotate('mx-1');
    const head = await services.head();
    await eventually('both are failing', async () => ((await states()).filter(({ failing_since: failing }) => failing !== null).length === 2 ? true : undefined), 30_000);
    expect((await states()).filter(({ problem }) => problem === 'it answered 503').map(({ name }) => name)).toEqual(['endpoint', 'time-stamps']);
    await eventually('the file has it all the same', async () => ((await linesIn(join(dir, 'heads.jsonl'))).some(({ payload }) => (payload as { size: number }).size === head.payload.size) ? true : undefined));
    // As it would be an hour later.
    await services.doors.plane.sql(`UPDATE reporting.witness SET failing_since = now() - interval '1 hour' WHERE failing_since IS NOT NULL`);
    await eventually('two findings', async () => ((await findings()).filter(({ state }) => state === 'open').length === 2 ? true : undefined), 30_000);
    mood = 'well';
    await eventually('they have the newest', async () => ((await states()).every(({ size, failing_since: failing }) => Number(size) >= head.payload.size && failing === null) ? true : undefined), 60_000);
    await eventually('no finding', async () => ((await findings()).every(({ state }) => state === 'resolved') ? true : undefined), 30_000);
  }, SETTLE_MS);

  it('are not believed where an authority answers another question', async () => {
    mood = 'other-question';
    const before = (await linesIn(join(dir, 'stamps.jsonl'))).length;
    await services.rotate('mx-1');
    await eventually('the authority is refused', async () => ((await states()).find(({ name }) => name === 'time-stamps')?.problem?.includes('answers another question') === true ? true : undefined), 30_000);
    expect((await linesIn(join(dir, 'stamps.jsonl'))).length).toBe(before);
    mood = 'well';
  }, SETTLE_MS);
});

/** What is stamped, as the documentation has it. */
const stampedText = ({ payload, keyId, signature }: Record<string, unknown>): string => {
  const { at, rootHash, schema, size } = payload as Record<string, unknown>;
  return JSON.stringify({ keyId, payload: { at, rootHash, schema, size }, signature });
};
