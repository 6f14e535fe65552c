import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DecideRequest, RecordedDecision } from '@mailwarden/contracts';
import type { PackVerdict } from '@mailwarden/evidence-pack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './control-plane.js';
import { Doors, PASSWORD } from './doors.js';
import { letCliIn, told } from './doors-cli.js';
import { recordedOf } from './recorded.js';

const AGREEMENT = 'ksn-statement';
/** A text may hold what some readers take for the end of a line. */
const TEXT = 'Statement\r\n1. What is sent.\u2028 And to whom.\n';
const PACK = '/api/v1/evidence/pack';

let doors: Doors;
let file: string;

const decided = async (part: Partial<DecideRequest>): Promise<RecordedDecision> => {
  const request: DecideRequest = { agreement: AGREEMENT, textSha256: null, action: 'grant', scope: { kind: 'organisation' }, decidedBy: 'jane.doe', onBehalfOf: 'Example organisation', means: 'console', reason: 'decided by the board', validUntil: null, region: null, decidedAt: null, ...part };
  return recordedOf(await doors.plane.questions.ask('consent.decide', request, { timeoutMs: 10_000 }));
};
const checked = async (path: string, ...more: readonly string[]): Promise<{ verdict: PackVerdict; exit: number }> => {
  const { text, exit } = await told(doors, 'evidence', 'verify', path, '--format', 'json', ...more);
  return { verdict: JSON.parse(text) as PackVerdict, exit };
};

beforeAll(async () => {
  doors = await Doors.start(['mx-1', 'mx-2']);
  for (const server of ['mx-1', 'mx-2']) await doors.plane.enrol(server);
  await doors.plane.run('consent');
  await letCliIn(doors);
  file = join(doors.plane.dir, 'pack.jsonl');
  await eventually('a head from before the pack is signed, however quick the machine is', async () => ((await doors.plane.said('EVENTS', 'mw.event.ledger.checkpoint.>')).length > 0 ? true : undefined));
}, 120_000);
afterAll(async () => doors?.close());

describe('evidence about an agreement', () => {
  it('is exported, and holds offline: what was decided, that the ledger has it, and which servers signed that they applied it', async () => {
    await doors.plane.questions.ask('consent.add-text', { agreement: AGREEMENT, label: '2026-11', language: 'en', effectiveAt: null, text: TEXT, by: 'op' }, { timeoutMs: 10_000 });
    const grant = await decided({});
    const withdrawal = await decided({ action: 'withdraw' });
    const own = await decided({ scope: { kind: 'server', server: 'mx-2' as never } });
    await (await doors.plane.speaker('mx-1')).attest({ organisation: 2 });
    await (await doors.plane.speaker('mx-2')).attest({ organisation: 1, 'server.mx-2': 1 });
    const verdict = await eventually('all of it is proved', async () => {
      await told(doors, 'evidence', 'export', '--agreement', AGREEMENT, '--output', `${file}.${Date.now()}`).then(async ({ text }) => writeFile(file, await readFile(/is in (\S+)\. It names/.exec(text)?.[1] ?? '')));
      const found = (await checked(file)).verdict;
      return found.decisions.length === 3 && found.decisions.every(({ inLedger, applied }) => inLedger && applied !== null) && found.decisions[1]?.applied === 1 && found.decisions[2]?.applied === 1 ? found : undefined;
    }, 30_000);
    expect(verdict).toMatchObject({ holds: true, problems: [], notes: [], agreement: AGREEMENT, texts: 1, servers: 2 });
    expect(verdict.decisions.map(({ decision, servers, applied }) => [decision.id, servers, applied])).toEqual([[grant.id, 2, 2], [withdrawal.id, 2, 1], [own.id, 1, 1]]);
  });

  it('is checked by keys that are known from elsewhere, and fails by those of another installation', async () => {
    expect(await checked(file, '--trust', doors.plane.nats.identity.trust)).toMatchObject({ exit: 0, verdict: { holds: true } });
    const others = { ...(JSON.parse(await readFile(doors.plane.nats.identity.trust, 'utf8')) as { reporting: string; rotation: string }) };
    const strange = join(doors.plane.dir, 'strange.json');
    await writeFile(strange, JSON.stringify({ ...others, reporting: others.rotation }));
    expect(await checked(file, '--trust', strange)).toMatchObject({ exit: 1, verdict: { holds: false, problems: [{ line: 1, code: 'other-keys' }] } });
  });

  it('goes on from a checkpoint that a subscriber kept, and fails against one of another ledger', async () => {
    const [first] = await doors.plane.said<{ data: { detail: { size: number; rootHash: string } } }>('EVENTS', 'mw.event.ledger.checkpoint.>');
    if (first === undefined) throw new Error('no checkpoint was told');
    const [kept, strange, since] = ['kept.json', 'other.json', 'since.jsonl'].map((name) => join(doors.plane.dir, name)) as [string, string, string];
    await writeFile(kept, JSON.stringify(first));
    await told(doors, 'evidence', 'export', '--agreement', AGREEMENT, '--output', since, '--checkpoint', kept);
    expect(await checked(since, '--checkpoint', kept)).toMatchObject({ exit: 0, verdict: { holds: true, continues: first.data.detail.size } });
    expect(await checked(file, '--checkpoint', kept)).toMatchObject({ exit: 1, verdict: { problems: [{ code: 'wrong-checkpoint' }] } });
    await writeFile(strange, JSON.stringify({ ...first, data: { ...first.data, detail: { ...first.data.detail, size: 1e6 } } }));
    await expect(told(doors, 'evidence', 'export', '--agreement', AGREEMENT, '--output', `${since}.2`, '--checkpoint', strange)).rejects.toThrow(/never had 1000000/);
    await expect(told(doors, 'evidence', 'verify', since, '--checkpoint', since)).rejects.toThrow(/too long|does not hold a checkpoint/);
  });

  it('is seen to be rewritten by who rules the database, against a checkpoint that somebody kept', async () => {
    const [first] = await doors.plane.said<unknown>('EVENTS', 'mw.event.ledger.checkpoint.>');
    const [kept, since] = [join(doors.plane.dir, 'kept-before.json'), join(doors.plane.dir, 'rewritten.jsonl')];
    await writeFile(kept, JSON.stringify(first));
    const nodes = await doors.plane.sql<{ level: number; hash: string }>(`SELECT level, hash FROM reporting.ledger_node WHERE index = 0`);
    const write = (level: number, hash: string): Promise<unknown> => doors.plane.sql(`UPDATE reporting.ledger_node SET hash = $2 WHERE level = $1 AND index = 0`, [level, hash]);
    try {
      for (const { level } of nodes) await write(level, String(level % 10).repeat(64));
      await told(doors, 'evidence', 'export', '--agreement', AGREEMENT, '--output', since, '--checkpoint', kept);
      expect(await checked(since, '--checkpoint', kept)).toMatchObject({ exit: 1, verdict: { holds: false } });
    } finally {
      for (const { level, hash } of nodes) await write(level, hash);
    }
  });

  it('fails when a word of it is changed, by line and in words', async () => {
    const text = await readFile(file, 'utf8');
    const changed = join(doors.plane.dir, 'changed.jsonl');
    await writeFile(changed, text.replace('decided by the board', 'decided by nobody'));
    expect(await checked(changed)).toMatchObject({ exit: 1, verdict: { problems: [{ line: 3, code: 'wrong-decision' }, { code: 'not-whole' }] } });
    const said = await told(doors, 'evidence', 'verify', changed);
    expect(said.text).toContain(`${changed}:3: decision`);
    await writeFile(changed, text.slice(0, text.length / 2));
    expect((await checked(changed)).verdict.problems.map(({ code }) => code)).toContain('not-whole');
  });

  it('is a new file that nobody else may read, and nothing of it is left where it cannot be made', async () => {
    const made = join(doors.plane.dir, 'made.jsonl');
    await told(doors, 'evidence', 'export', '--agreement', AGREEMENT, '--output', made);
    expect((await stat(made)).mode & 0o777).toBe(0o600);
    await expect(told(doors, 'evidence', 'export', '--agreement', AGREEMENT, '--output', made)).rejects.toThrow(/it is there already/);
    await expect(told(doors, 'evidence', 'export', '--agreement', 'ksn-statment', '--output', `${made}.2`)).rejects.toThrow(/did you mean ksn-statement\?/);
    await expect(stat(`${made}.2`)).rejects.toThrow(/ENOENT/);
    await expect(told(doors, 'evidence', 'verify', join(doors.plane.dir, 'none.jsonl'))).rejects.toThrow(/cannot be read/);
    await expect(told(doors, 'evidence', 'verify', made, '--trust', made)).rejects.toThrow(/too long|does not hold the keys/);
  });

  it('is for whoever may read, and for nobody without a session', async () => {
    await doors.addOperator('reader', 'viewer');
    const reader = await doors.signIn({ name: 'reader', password: PASSWORD });
    const answer = await doors.knock(`${PACK}?agreement=${AGREEMENT}`, { headers: { cookie: reader.cookie } });
    expect(answer).toMatchObject({ status: 200, headers: { 'content-type': expect.stringContaining('application/x-ndjson'), 'content-disposition': `attachment; filename="evidence-${AGREEMENT}.jsonl"` } });
    expect(answer.text.trimEnd().split('\n').at(-1)).toContain('"line":"end"');
    expect((await doors.knock(`${PACK}?agreement=${AGREEMENT}`)).status).toBe(401);
    expect((await doors.knock(PACK, { headers: { cookie: reader.cookie } })).status).toBe(400);
    expect(await doors.knock(`${PACK}?agreement=none-such`, { headers: { cookie: reader.cookie } })).toMatchObject({ status: 422 });
  });
});
