import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SIGNING_CONTEXTS, type Checkpoint } from '@mailwarden/contracts';
import { PackVerifier, type PackVerdict } from '@mailwarden/evidence-pack';
import { loadSigner } from '@mailwarden/identity';
import { sha256, signDocument, type Signer } from '@mailwarden/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkPack } from '../../deploy/evidence/verify-evidence.mjs';
import { PASSWORD } from './doors.js';
import { told } from './doors-cli.js';
import { EvidenceServices, type SignedHead } from './evidence-services.js';
import { bytesOf, choices, edited, mutated, placesOf, resealed, withDocument, type Line, type Pack } from './evidence-tampering.js';
import { byCommand, byOneFile } from './evidence-verdicts.js';
import { testSeed } from '../test-seed.js';

const SERVERS = ['mx-1', 'mx-2', 'mx-3'];
const SETTLE_MS = 120_000;
const MUTATIONS = 400;
/** Of a server whose executor never accounts for it. */
const OPEN_ORDER = '0b7c1d52-2f0e-4c1b-9d3f-6a1e5b8c9d10';

let services: EvidenceServices;
let trust: string;
let reporting: Signer;
let consent: Signer;
let executor: Signer;
/** The head from which on the packs begin. */
let middle: SignedHead;
let packs: Readonly<Record<'fleet' | 'server' | 'agreement', Pack>>;
let files: Readonly<Record<'fleet' | 'server' | 'agreement', string>>;

/** Lines as both verifiers read them: a piece after the last end of a line is one as well. */
function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  let from = 0;
  for (let to = bytes.indexOf(10); to >= 0; to = bytes.indexOf(10, from)) {
    lines.push(bytes.subarray(from, to));
    from = to + 1;
  }
  return from < bytes.length ? [...lines, bytes.subarray(from)] : lines;
}
function verdict(bytes: Buffer): PackVerdict {
  const verifier = new PackVerifier();
  for (const line of linesOf(bytes)) verifier.line(line);
  return verifier.end();
}
const first = ({ problems }: Pick<PackVerdict, 'problems'>): { line: number; code: string } | null => (problems[0] === undefined ? null : { line: problems[0].line, code: problems[0].code });

beforeAll(async () => {
  services = await EvidenceServices.start(SERVERS);
  const { doors } = services;
  const { identity } = doors.plane.nats;
  trust = identity.trust;
  [reporting, consent, executor] = await Promise.all([loadSigner(identity.services.reporting.signingKey), loadSigner(identity.services.consent.signingKey), loadSigner(identity.servers.get('mx-1')?.executorKey ?? '')]);
  await services.decide();
  // A head from before the period, however quick the machine is.
  await services.head();
  await services.rotate('mx-2');
  middle = await services.head();
  await doors.addOperator('reader', 'viewer');
  await doors.signIn({ name: 'reader', password: PASSWORD });
  await services.decide({ scope: { kind: 'server', server: 'mx-2' as never } });
  await services.rotate('mx-1');
  await services.head();
  for (const server of SERVERS) await (await doors.plane.speaker(server)).attest({ organisation: 1 });
  await services.rotate('mx-2');
  await services.state('rotation', { kind: 'order', id: OPEN_ORDER, facts: { server: 'mx-2', store: 'backup', policy: 'limits', purpose: 'rotate' } });
  await services.rotate('mx-1');
  await services.state('rotation', { kind: 'policy', id: 'limits-applied-1', facts: { policy: 'limits', kind: 'rotation', withdrawn: false } });
  await services.head();
  const since = ['--from', middle.payload.at];
  files = { fleet: await services.export(...since), server: await services.export(...since, '--server', 'mx-1'), agreement: await services.export('--agreement', 'ksn-statement') };
  packs = { fleet: await services.lines(files.fleet), server: await services.lines(files.server), agreement: await services.lines(files.agreement) };
}, SETTLE_MS);
afterAll(() => services?.close());

describe('evidence of a period', () => {
  it.each(['fleet', 'server', 'agreement'] as const)('about the %s holds by the command, and by the program of one file without environment, folder and network', async (about) => {
    expect(await byCommand(services.doors, files[about], { trust })).toMatchObject({ exit: 0, holds: true, problems: [] });
    expect(await byOneFile(files[about], { trust })).toMatchObject({ exit: 0, holds: true, problems: [] });
  }, SETTLE_MS);

  it('has every entry of the ledger since the head that it begins with, in order, with who signed what', async () => {
    const rows = await services.doors.plane.sql<{ index: string }>(`SELECT index FROM reporting.ledger_entry WHERE index >= $1 ORDER BY index`, [middle.payload.size]);
    const found = placesOf(packs.fleet, 'entry').map((place) => String((JSON.parse(packs.fleet[place] ?? '') as { index: number }).index));
    expect(found).toEqual(rows.map(({ index }) => String(index)).slice(0, found.length));
    const { period } = await byCommand(services.doors, files.fleet, { trust });
    expect(period).toMatchObject({ server: null, hidden: 0, servers: 3, first: { size: middle.payload.size }, kinds: { attestation: 3, receipt: 3, order: 4, policy: 1, decision: 1 } });
    expect(period?.entries).toBe(found.length);
    expect(placesOf(packs.fleet, 'checkpoint').length).toBeGreaterThan(0);
  });

  it('about one server tells nothing of another, and that nothing is missing all the same', async () => {
    const text = packs.server.join('\n');
    expect(text).not.toContain('mx-2');
    expect(text).not.toContain('mx-3');
    const { period } = await byCommand(services.doors, files.server, { trust });
    expect(period).toMatchObject({ server: 'mx-1', servers: 1 });
    expect(period?.hidden).toBeGreaterThan(3);
    expect((period?.entries ?? 0) + (period?.hidden ?? 0)).toBe((period?.last.size ?? 0) - middle.payload.size);
  });

  it('is held against a head that somebody kept, from before, from within and from after it', async () => {
    const last = (JSON.parse(packs.fleet[0] ?? '') as { last: SignedHead }).last;
    const within = (JSON.parse(packs.fleet[placesOf(packs.fleet, 'checkpoint')[0] ?? 0] ?? '') as { checkpoint: SignedHead }).checkpoint;
    const [[oldest]] = [await services.doors.plane.sql<{ document: SignedHead }>(`SELECT document FROM reporting.checkpoint ORDER BY size LIMIT 1`)];
    for (const kept of [within, last, middle]) {
      const checkpoint = await services.write('kept.json', JSON.stringify(kept));
      expect(await byCommand(services.doors, files.fleet, { checkpoint })).toMatchObject({ holds: true, continues: kept.payload.size });
      expect(await byOneFile(files.fleet, { checkpoint })).toMatchObject({ holds: true, continues: kept.payload.size });
    }
    const checkpoint = await services.write('oldest.json', JSON.stringify(oldest?.document));
    expect(oldest?.document.payload.size).toBeLessThan(middle.payload.size);
    expect(first(await byCommand(services.doors, files.fleet, { checkpoint }))).toEqual({ line: packs.fleet.length, code: 'wrong-checkpoint' });
    const bridged = await services.export('--from', middle.payload.at, '--checkpoint', checkpoint);
    expect(await byCommand(services.doors, bridged, { checkpoint })).toMatchObject({ holds: true, continues: oldest?.document.payload.size });
    expect(await byOneFile(bridged, { checkpoint })).toMatchObject({ holds: true, continues: oldest?.document.payload.size });
    const early = await services.export('--from', middle.payload.at, '--to', new Date(Date.parse(middle.payload.at) + 1).toISOString(), '--checkpoint', await services.write('last.json', JSON.stringify(last)));
    const later = await services.write('later.json', JSON.stringify(last));
    expect(await byCommand(services.doors, early, { checkpoint: later })).toMatchObject({ holds: true, continues: last.payload.size });
    expect(await byOneFile(early, { checkpoint: later })).toMatchObject({ holds: true, continues: last.payload.size });
  }, SETTLE_MS);

  it('about one server is held against any head that it was exported with', async () => {
    const hidden = JSON.parse(packs.server[placesOf(packs.server, 'others', (line) => Number(line['to']) - Number(line['from']) > 1)[0] ?? 0] ?? '') as { from: number };
    const [row] = await services.doors.plane.sql<{ document: SignedHead }>(`SELECT document FROM reporting.checkpoint WHERE size > $1 ORDER BY size LIMIT 1`, [hidden.from]);
    const checkpoint = await services.write('kept.json', JSON.stringify(row?.document));
    const pack = await services.export('--from', middle.payload.at, '--server', 'mx-1', '--checkpoint', checkpoint);
    expect(await byCommand(services.doors, pack, { checkpoint })).toMatchObject({ holds: true, continues: row?.document.payload.size });
    expect(await byOneFile(pack, { checkpoint })).toMatchObject({ holds: true, continues: row?.document.payload.size });
  }, SETTLE_MS);

  it('is asked for by moments, and refused in words where it cannot be', async () => {
    await expect(told(services.doors, 'evidence', 'export', '--output', services.newFile('x'))).rejects.toThrow(/about one agreement, or about a period/);
    await expect(told(services.doors, 'evidence', 'export', '--from', '2026-03-02', '--to', '2026-03-01', '--output', services.newFile('x'))).rejects.toThrow(/before it begins/);
    await expect(told(services.doors, 'evidence', 'export', '--from', '2026-03-02', '--to', '2026-03-02', '--server', 'mx-9', '--output', services.newFile('x'))).rejects.toThrow(/mx-9/);
    const far = await services.write('far.json', JSON.stringify({ ...middle, payload: { ...middle.payload, size: 1e6 } }));
    await expect(services.export('--from', middle.payload.at, '--checkpoint', far)).rejects.toThrow(/never had 1000000/);
    const before = await services.export('--from', '2020-01-01', '--to', '2020-01-01');
    expect(await byCommand(services.doors, before)).toMatchObject({ holds: true });
  });
});

describe('what somebody does to it', () => {
  const document = (line: Line): Record<string, unknown> => line['document'] as Record<string, unknown>;
  const isMessage = (line: Line): boolean => document(line)['specversion'] !== undefined;
  const isReceipt = (line: Line): boolean => document(line)['payload'] !== undefined;
  const placeOf = (kind: string, nth = 0, has?: (line: Line) => boolean, pack = packs.fleet): number => placesOf(pack, kind, has)[nth] ?? -1;
  const lineOf = (place: number, pack = packs.fleet): Line => JSON.parse(pack[place] ?? '') as Line;
  const flipped = (text: string, at: number): string => `${text.slice(0, at)}${text[at] === 'a' ? 'b' : 'a'}${text.slice(at + 1)}`;
  const changedAt = (place: number, change: (line: Line) => Line | null | readonly Line[], pack = packs.fleet): Pack => resealed(pack, reporting, (line, at) => (at === place ? change(line) : line));
  const swapped = (one: number, other: number): Pack => packs.fleet.map((text, place) => (place === one ? packs.fleet[other] : place === other ? packs.fleet[one] : text) ?? '');
  const headOf = (part: Partial<Checkpoint>, which: 'first' | 'last', by = reporting) => signDocument(by, SIGNING_CONTEXTS.checkpoint, { ...(lineOf(0)[which] as SignedHead).payload, ...part });
  const manifest = (part: object): Pack => changedAt(0, (line) => ({ ...line, ...part }));
  const withReceipt = (change: (payload: Record<string, unknown>) => object): Pack => {
    const place = placesOf(packs.fleet, 'entry', (line) => isReceipt(line) && (document(line)['payload'] as { server: string }).server === 'mx-1').at(-1) ?? -1;
    return changedAt(place, (line) => withDocument(line, signDocument(executor, SIGNING_CONTEXTS.receipt, change(document(line)['payload'] as Record<string, unknown>))));
  };
  const message = (): number => placeOf('entry', 0, isMessage);

  const CASES: [what: string, make: () => Pack | Buffer, code: string, line?: () => number][] = [
    ['a character of an entry', () => edited(packs.fleet, message(), (text) => flipped(text, text.indexOf('"time"') + 9)), 'wrong-leaf', () => message() + 1],
    ['a character of a hash, sealed', () => changedAt(message(), (line) => ({ ...line, hash: flipped(String(line['hash']), 5) })), 'wrong-leaf', () => message() + 1],
    ['a space, so that it reads the same', () => edited(packs.fleet, message(), (text) => text.replace('{', '{ ')), 'not-whole', () => packs.fleet.length],
    ['other ends of lines', () => packs.fleet.map((text) => `${text}\r`), 'not-whole', () => packs.fleet.length],
    ['a dropped entry, sealed', () => changedAt(message(), () => null), 'not-complete'],
    ['the last entry dropped, sealed', () => changedAt(placesOf(packs.fleet, 'entry').at(-1) ?? 0, () => null), 'not-complete'],
    ['a doubled entry, sealed', () => changedAt(message(), (line) => [line, line]), 'not-complete', () => message() + 2],
    ['two entries in another order', () => swapped(placeOf('entry', 0), placeOf('entry', 1)), 'not-complete'],
    ['an entry told as one of another, in a pack about all', () => changedAt(message(), (line) => ({ line: 'others', from: line['index'], to: Number(line['index']) + 1, hashes: [line['hash']] })), 'not-complete', () => message() + 1],
    ['the end cut off', () => packs.fleet.slice(0, -1), 'not-whole'],
    ['half of a line cut off', () => edited(packs.fleet, message(), (text) => text.slice(0, 60)), 'bad-line', () => message() + 1],
    ['the manifest cut', () => edited(packs.fleet, 0, (text) => text.slice(0, 200)), 'not-a-pack', () => 1],
    ['no manifest', () => packs.fleet.slice(1), 'not-a-pack', () => 1],
    ['two manifests', () => [packs.fleet[0] ?? '', ...packs.fleet], 'not-a-pack', () => 2],
    ['nothing at all', () => Buffer.alloc(0), 'not-a-pack', () => 0],
    ['the end of another pack', () => [...packs.fleet.slice(0, -1), packs.server.at(-1) ?? ''], 'not-whole'],
    ['an end by another key', () => resealed(packs.fleet, consent, (line) => line), 'wrong-signature'],
    ['something after the end', () => [...packs.fleet, packs.fleet[1] ?? ''], 'not-whole', () => packs.fleet.length + 1],
    ['keys of another in it', () => manifest({ anchors: { ...(lineOf(0)['anchors'] as object), reporting: consent.publicKey } }), 'wrong-checkpoint', () => 1],
    ['a last head that another signed', () => manifest({ last: headOf({}, 'last', consent) }), 'wrong-checkpoint', () => 1],
    ['an older head as the last', () => manifest({ last: lineOf(0)['first'] }), 'not-complete'],
    ['another history under the same key: a last head with another root', () => manifest({ last: headOf({ rootHash: sha256('another') }, 'last') }), 'wrong-checkpoint'],
    ['another history before it: a first head with another root', () => manifest({ first: headOf({ rootHash: sha256('another') }, 'first') }), 'wrong-checkpoint', () => 1],
    ['a head in between with another root', () => changedAt(placeOf('checkpoint'), (line) => { const { payload } = line['checkpoint'] as SignedHead; return { ...line, checkpoint: signDocument(reporting, SIGNING_CONTEXTS.checkpoint, { ...payload, rootHash: sha256('another') }) }; }), 'wrong-checkpoint', () => placeOf('checkpoint') + 1],
    ['a head in another place', () => changedAt(placeOf('checkpoint'), (line) => ({ ...line, checkpoint: lineOf(0)['last'] })), 'wrong-checkpoint', () => placeOf('checkpoint') + 1],
    ['a wrong proof of what was before', () => manifest({ frontier: (lineOf(0)['frontier'] as string[]).map((hash, place) => (place === 0 ? flipped(hash, 2) : hash)) }), 'wrong-checkpoint', () => 1],
    ['a wrong proof of a membership', () => changedAt(placeOf('member'), (line) => { const leaf = line['leaf'] as { inclusion: string[] }; return { ...line, leaf: { ...leaf, inclusion: leaf.inclusion.map((hash) => flipped(hash, 1)) } }; }), 'wrong-membership', () => placeOf('member') + 1],
    ['a membership with another key', () => edited(packs.fleet, placeOf('member'), (text) => text.replace(/"agentkey":"./, (found) => `${found.slice(0, -1)}${found.endsWith('A') ? 'B' : 'A'}`)), 'wrong-membership', () => placeOf('member') + 1],
    ['the signatures of two messages swapped', () => { const [one, other] = [placeOf('entry', 0, isMessage), placeOf('entry', 1, isMessage)]; return resealed(packs.fleet, reporting, (line, place) => (place === one || place === other ? withDocument(line, { ...document(line), signature: document(lineOf(place === one ? other : one))['signature'] }) : line)); }, 'wrong-signature', () => message() + 1],
    ['the time of a message', () => changedAt(message(), (line) => withDocument(line, { ...document(line), time: '2026-01-01T00:00:00.000Z' })), 'wrong-signature', () => message() + 1],
    ['the time of the period', () => manifest({ from: '2020-01-01T00:00:00.000Z' }), 'wrong-period', () => 1],
    ['a period that ends before it begins', () => manifest({ to: '2020-01-01T00:00:00.000Z' }), 'wrong-period', () => 1],
    ['another server', () => changedAt(0, (line) => ({ ...line, server: 'mx-2' }), packs.server), 'wrong-server'],
    ['the server of a receipt', () => changedAt(placeOf('entry', 0, isReceipt), (line) => withDocument(line, { ...document(line), payload: { ...(document(line)['payload'] as object), server: 'mx-3' } })), 'wrong-signature', () => placeOf('entry', 0, isReceipt) + 1],
    ['a receipt of an order for another store', () => withReceipt((payload) => ({ ...payload, store: 'reports' })), 'wrong-receipt'],
    ['a receipt under the order of another server', () => withReceipt((payload) => ({ ...payload, order: OPEN_ORDER })), 'wrong-receipt'],
    ['what is hidden of others', () => changedAt(placeOf('others', 0, undefined, packs.server), (line) => ({ ...line, hashes: (line['hashes'] as string[]).map((hash) => flipped(hash, 0)) }), packs.server), 'wrong-checkpoint'],
    ['fewer hashes than what is hidden has', () => changedAt(placeOf('others', 0, undefined, packs.server), (line) => ({ ...line, hashes: [...(line['hashes'] as string[]), sha256('more')] }), packs.server), 'bad-line'],
    ['a line of a pack about an agreement', () => changedAt(message(), () => JSON.parse(packs.agreement.find((text) => text.startsWith('{"line":"server"')) ?? '') as Line), 'bad-line', () => message() + 1],
    ['bytes that are no text', () => { const bytes = bytesOf(packs.fleet); bytes[bytesOf(packs.fleet.slice(0, message())).length + 200] = 0xff; return bytes; }, 'bad-line', () => message() + 1],
    ['a mark of another encoding before it', () => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytesOf(packs.fleet)]), 'not-a-pack', () => 1],
    ['a place without end', () => edited(packs.fleet, message(), (text) => text.replace(/"index":\d+/, '"index":1e999')), 'bad-line', () => message() + 1],
    ['a number without end in a document', () => edited(packs.fleet, message(), (text) => text.replace(/"sequence":\d+/, '"sequence":1e999')), 'wrong-leaf', () => message() + 1],
    ['half of a character in a document', () => edited(packs.fleet, message(), (text) => text.replace('"specversion":"1.0"', '"specversion":"\\ud800"')), 'wrong-leaf', () => message() + 1],
    ['a document nested without end', () => edited(packs.fleet, message(), (text) => text.replace('"specversion":"1.0"', `"specversion":${'['.repeat(5_000)}${']'.repeat(5_000)}`)), 'wrong-leaf', () => message() + 1],
    ['members named like the insides of the language', () => edited(packs.fleet, message(), (text) => text.replace('"document":{', '"document":{"__proto__":{"specversion":"1.0"},"constructor":1,')), 'wrong-leaf', () => message() + 1],
    ['a member of the manifest named like them', () => edited(packs.fleet, 0, (text) => text.replace('{', '{"__proto__":{"server":"mx-1"},')), 'not-whole', () => packs.fleet.length],
  ];

  it.each<[string, () => Pack | Buffer, string, (() => number)?]>(CASES)('%s is named by both verifiers', async (_what, make, code, line) => {
    const made = make();
    const bytes = Buffer.isBuffer(made) ? made : bytesOf(made);
    const [one, other] = [verdict(bytes), checkPack(linesOf(bytes))];
    expect(first(one)).toEqual({ code, line: line === undefined ? expect.any(Number) : line() });
    expect(first(other as PackVerdict)).toEqual(first(one));
    expect([one.holds, other.holds]).toEqual([false, false]);
  });

  it('is named in files as well: keys of another installation, and a head of another', async () => {
    const strange = await services.write('strange.json', JSON.stringify({ ...(JSON.parse(await readFile(trust, 'utf8')) as object), reporting: consent.publicKey }));
    expect(first(await byCommand(services.doors, files.fleet, { trust: strange }))).toEqual({ line: 1, code: 'other-keys' });
    expect(first(await byOneFile(files.fleet, { trust: strange }))).toEqual({ line: 1, code: 'other-keys' });
    for (const kept of [headOf({ rootHash: sha256('as it was') }, 'last'), headOf({}, 'last', consent)]) {
      const checkpoint = await services.write('kept.json', JSON.stringify(kept));
      expect(first(await byCommand(services.doors, files.fleet, { checkpoint }))).toEqual({ line: 1, code: 'wrong-checkpoint' });
      expect(first(await byOneFile(files.fleet, { checkpoint }))).toEqual({ line: 1, code: 'wrong-checkpoint' });
    }
    const cut = await services.write('cut.jsonl', (await readFile(files.fleet)).subarray(0, 5_000));
    expect(await byOneFile(cut)).toMatchObject({ exit: 1, holds: false });
  }, SETTLE_MS);

  it.each(['fleet', 'server', 'agreement'] as const)('is judged alike by both, whatever random change is made to the pack about the %s', (about) => {
    const seed = testSeed();
    const pick = choices(seed);
    for (let round = 0; round < MUTATIONS; round += 1) {
      const bytes = mutated(packs[about], pick);
      const [one, other] = [verdict(bytes), checkPack(linesOf(bytes)) as PackVerdict];
      const say = `seed ${seed}, round ${round}: ${JSON.stringify(one.problems[0])} and ${JSON.stringify(other.problems[0])}`;
      expect(other.holds, say).toBe(one.holds);
      expect(first(other)?.line, say).toBe(first(one)?.line);
      // What one takes for no line at all, the other may name more exactly.
      if (first(one)?.code !== 'bad-line' && first(other)?.code !== 'bad-line') expect(first(other)?.code, say).toBe(first(one)?.code);
    }
  }, SETTLE_MS);
});

describe('the program of one file', () => {
  it('is printed by the command as it stands, and needs no package', async () => {
    const { text } = await told(services.doors, 'evidence', 'verifier');
    const shipped = await readFile(join(import.meta.dirname, '../../deploy/evidence/verify-evidence.mjs'), 'utf8');
    expect(text).toBe(shipped);
    expect([...shipped.matchAll(/^import .* from '(.*)';$/gm)].map((found) => found[1])).toEqual(['node:crypto', 'node:fs']);
    await writeFile(services.newFile('verify-evidence.mjs'), text);
  });
});
