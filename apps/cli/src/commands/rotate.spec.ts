import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { crc32 } from 'node:zlib';
import { SIGNING_CONTEXTS, type SignedReceipt } from '@mailwarden/contracts';
import { generateSigningKey } from '@mailwarden/identity';
import { signDocument, signerFromPem, verifySignature } from '@mailwarden/kernel';
import { lockOrder } from '@mailwarden/rotation-fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandFailure } from '../failure.js';
import { rotateDocument, type RotateDocument } from '../output/rotate-json.js';
import { printableName } from '../output/rotate-text.js';
import { PLAIN } from '../output/terminal.js';
import { rotate, type RotateOptions } from './rotate.js';

const FILE_BYTES = 4096;
const FIRST_AT_S = 1_600_000_000;
const POLICY = `schema: mailwarden/policy/v1
kind: retention
name: reports-cap
reason: Storage limitation
stores: [ kaspersky-klms-8/reports ]
mode: enforce
limits: { bytes: 40960 B }
target: 50 %
bounds: { percent: 100 }
`;

let root: string;
let reports: string;
let policy: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mailwarden-cli-rotate-'));
  reports = join(root, 'var/opt/kaspersky/klms/reports');
  policy = join(root, 'policy.yaml');
  mkdirSync(reports, { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const nameOf = (index: number): Buffer => (index === 0 ? Buffer.from([0x6c, 0x0a, 0xff, 0x31]) : Buffer.from(`report ${String(index).padStart(2, '0')}`));
function fill(count: number): void {
  for (let index = 0; index < count; index += 1) {
    const path = Buffer.concat([Buffer.from(`${reports}/`), nameOf(index)]);
    writeFileSync(path, Buffer.alloc(FILE_BYTES));
    utimesSync(path, FIRST_AT_S + index, FIRST_AT_S + index);
  }
}

async function run(text: string, part: Partial<RotateOptions> = {}): Promise<{ exit: number; document: RotateDocument }> {
  writeFileSync(policy, text, { mode: 0o600 });
  const lines: string[] = [];
  const exit = await rotate({ policy, profile: [], root, apply: false, list: false, ...part }, { dataDir: root, format: 'json', style: PLAIN, print: (line) => lines.push(line) });
  return { exit, document: rotateDocument.parse(JSON.parse(lines.join('\n'))) };
}
async function runText(text: string, part: Partial<RotateOptions> = {}): Promise<string> {
  writeFileSync(policy, text, { mode: 0o600 });
  const lines: string[] = [];
  await rotate({ policy, profile: [], root, apply: false, list: false, ...part }, { dataDir: root, format: 'text', style: PLAIN, print: (line) => lines.push(line) });
  return lines.join('\n');
}

/** Holds on to a journal under another name as soon as it appears: what is finished names no item any more. */
const KEEPER = `
  const { linkSync, readdirSync } = require('node:fs');
  const { parentPort, workerData: { journals, kept } } = require('node:worker_threads');
  parentPort.postMessage('looks');
  const keep = (name) => {
    try {
      linkSync(journals + '/' + name, kept);
      return true;
    } catch {
      return false;
    }
  };
  let name;
  while (name === undefined) name = readdirSync(journals).find((one) => one.endsWith('.journal') && keep(one));
  parentPort.postMessage(name);`;
/** On a busy machine the keeper can miss a whole run: then there is another. */
const KEEPER_TRIES_MAX = 50;

describe('mailwarden rotate', () => {
  it('plans and touches nothing, with the exact list', async () => {
    fill(20);
    const { exit, document } = await run(POLICY, { list: true });
    expect(exit).toBe(1);
    expect(document).toMatchObject({ mode: 'plan', stores: [{ id: 'reports', state: 'waits', before: { items: 20 }, planned: { items: 15, bytes: 15 * FILE_BYTES, oldestAt: '2020-09-13T12:26:40.000Z' } }] });
    expect(document.stores[0]).not.toHaveProperty('deleted');
    expect(document.list?.map(({ name }) => Buffer.from(name, 'base64').toString('latin1'))).toEqual(Array.from({ length: 15 }, (_, index) => `/var/opt/kaspersky/klms/reports/${nameOf(index).toString('latin1')}`));
    expect(readdirSync(reports)).toHaveLength(20);
    expect(existsSync(join(root, 'var/lib'))).toBe(false);
  });

  it('tells in text, with names that cannot forge a line', async () => {
    fill(20);
    const text = await runText(POLICY, { list: true });
    expect(text).toMatch(/Rotation plan of .+/);
    expect(text).toMatch(/would go +15 items, 61\.4 KB, from 2020-09-13T12:26:40\.000Z/);
    expect(text).toContain('/var/opt/kaspersky/klms/reports/l\\x0a\\xff1');
    expect(text.split('\n').filter((line) => line.startsWith('reports  2020'))).toHaveLength(15);
    expect(printableName(Buffer.from('a\u001b[2Jb\\'))).toBe('a\\u001b[2Jb\\\\');
  });

  it('carries out what it planned, and then has nothing to do', async () => {
    fill(20);
    const { exit, document } = await run(POLICY, { apply: true });
    expect(exit).toBe(0);
    expect(document).toMatchObject({ mode: 'apply', stores: [{ state: 'done', outcome: 'completed', planned: { items: 15 }, deleted: { items: 15, bytes: 15 * FILE_BYTES }, after: { known: true, value: { items: 5 } }, receipt: { schema: 'mailwarden/receipt/v1', outcome: 'completed' } }] });
    expect(readdirSync(reports).sort()).toEqual(Array.from({ length: 5 }, (_, index) => nameOf(15 + index).toString()));
    expect(await run(POLICY)).toMatchObject({ exit: 0, document: { stores: [{ state: 'in-order', planned: { items: 0 } }] } });
    fill(20);
    expect(await runText(POLICY, { apply: true })).toMatch(/receipt +order [0-9a-f-]{36}, not signed: no key was given/);
  });

  it('signs its receipt where a key is given', async () => {
    fill(20);
    const key = generateSigningKey();
    writeFileSync(join(root, 'key.pem'), key.pem, { mode: 0o600 });
    const { document } = await run(POLICY, { apply: true, signingKey: join(root, 'key.pem') });
    const receipt = document.stores[0]?.receipt as SignedReceipt;
    expect(verifySignature(key.publicKey, SIGNING_CONTEXTS.receipt, receipt.payload, receipt.signature)).toBe(true);
  });

  it.each([
    ['observe', 'set "mode: enforce" for reports-cap'],
    ['ask', 'it waits for the approval of people, which needs a server'],
  ])('deletes nothing for a policy in mode %s, and says what to change', async (mode, advice) => {
    fill(20);
    const { exit, document } = await run(POLICY.replace('enforce', mode), { apply: true });
    expect(exit).toBe(1);
    expect(document.stores).toMatchObject([{ state: 'watched', planned: { items: 15 }, reason: expect.stringContaining(advice) as string }]);
    expect(readdirSync(reports)).toHaveLength(20);
  });

  it('stops at a bound, before the first deletion', async () => {
    fill(20);
    const { exit, document } = await run(POLICY.replace('percent: 100', 'items: 3'), { apply: true });
    expect(exit).toBe(2);
    expect(document.stores).toMatchObject([{ state: 'stopped', reason: expect.stringContaining('15 items would go; the bound is 3') }]);
    expect(readdirSync(reports)).toHaveLength(20);
  });

  it('respects the holds of the file, and leaves out the labels of servers', async () => {
    fill(20);
    const hold = `---\nschema: mailwarden/policy/v1\nkind: hold\nname: case-7\nreason: Open case\nstores: [ "*/reports" ]\nservers: { role: relay }\nuntil: "2020-09-13T12:26:49.000Z"\n`;
    const labelled = POLICY.replace('mode:', 'servers: { role: mx }\nmode:');
    const { exit, document } = await run(labelled + hold, { apply: true });
    expect(document.remarks).toEqual([expect.stringContaining('labels')]);
    expect(document.stores).toMatchObject([{ state: 'stays-over', deleted: { items: 10 }, skipped: [{ reason: 'held', items: 10 }] }]);
    expect(exit).toBe(1);
    expect(readdirSync(reports)).toHaveLength(10);
    expect(await run(labelled + hold.replace(/until.*\n/, ''), { apply: true })).toMatchObject({ exit: 0, document: { stores: [{ state: 'in-order' }] } });
  });

  it('shows two policies on one store side by side', async () => {
    fill(20);
    const second = POLICY.replace('reports-cap', 'reports-age').replace('bytes: 40960 B', 'age: 30 days').replace('enforce', 'observe');
    const { document } = await run(`${POLICY}---\n${second}`);
    expect(document.stores.map(({ policy: name, state, planned }) => [name, state, planned.items])).toEqual([['reports-cap', 'waits', 15], ['reports-age', 'watched', 20]]);
  });

  it('goes on with the other stores when one cannot be read', async () => {
    fill(20);
    const table = POLICY.replace('reports-cap', 'events').replace('/reports', '/event-log').replace('bytes: 40960 B', 'records: 5');
    const { exit, document } = await run(`${table}---\n${POLICY}`, { apply: true });
    expect(exit).toBe(2);
    expect(document.stores).toMatchObject([{ id: 'event-log', state: 'failed', reason: expect.stringContaining('cannot be reached') }, { id: 'reports', state: 'done' }]);
  });

  it('brings an earlier run that was cut short to its end', async () => {
    fill(20);
    const journals = join(root, 'var/lib/mailwarden/rotations');
    mkdirSync(journals, { recursive: true });
    const kept = join(root, 'kept');
    const keeper = new Worker(KEEPER, { eval: true, workerData: { journals, kept } });
    await once(keeper, 'message');
    const named = once(keeper, 'message') as Promise<[string]>;
    for (let tries = 0; !existsSync(kept) && tries < KEEPER_TRIES_MAX; tries += 1) {
      fill(20);
      await run(POLICY, { apply: true });
    }
    if (!existsSync(kept)) await keeper.terminate();
    // As a kill before the last line leaves it.
    const lines = readFileSync(kept, 'utf8').split('\n').slice(0, -2);
    writeFileSync(join(journals, (await named)[0]), `${lines.join('\n')}\n`, { mode: 0o600 });
    const again = await run(POLICY, { apply: true });
    expect(again.document.remarks).toEqual([expect.stringMatching(/cut short\. It had deleted 15 items/)]);
    expect((await run(POLICY, { apply: true })).document.remarks).toEqual([]);
  });

  it('begins nothing on a store where an order of the executor was cut short, and says which', async () => {
    fill(20);
    const journals = join(root, 'var/lib/mailwarden-executor/journal');
    mkdirSync(join(journals, 'state'), { recursive: true, mode: 0o700 });
    const id = '0198f000-0000-7000-8000-00000000000a';
    const records = [{ kind: 'opened', content: '0'.repeat(64), facts: { id, server: 'mx-1', profile: 'kaspersky-klms-8', store: 'reports', bounds: { items: 9, bytes: 9, percent: 9, deadlineSeconds: 9 }, policy: { name: 'cap' } } }, { kind: 'begun' }].map((record) => JSON.stringify(record));
    writeFileSync(join(journals, `${id}.journal`), records.map((json) => `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`).join(''), { mode: 0o600 });
    const { exit, document } = await run(POLICY, { apply: true });
    expect(exit).toBe(2);
    expect(document.stores).toMatchObject([{ state: 'failed', reason: expect.stringContaining(`the order ${id} on this store was begun and has no account yet`) as string }]);
    expect(readdirSync(reports)).toHaveLength(20);
  });

  it('says what is wrong in one line', async () => {
    fill(20);
    await expect(run(POLICY.replace('limits', 'limit'))).rejects.toThrow(CommandFailure);
    await expect(run(POLICY.replace('/reports', '/nothing'))).rejects.toThrow(/names a store/);
    await expect(run(POLICY, { policy: join(root, 'absent.yaml') })).rejects.toThrow(/there is no such file/);
    writeFileSync(join(root, 'var/lib'), 'a file where a folder should be');
    await expect(run(POLICY, { apply: true })).rejects.toThrow(/journal of the deletions cannot be kept/);
    writeFileSync(policy, POLICY);
    chmodSync(policy, 0o666);
    await expect(rotate({ policy, profile: [], root, apply: true, list: false }, { dataDir: root, format: 'json', style: PLAIN, print: () => undefined })).rejects.toThrow(/chmod go-w/);
    expect(readdirSync(reports)).toHaveLength(20);
  });

  it('says what a policy waits for, and deletes nothing meanwhile', async () => {
    fill(30);
    const day = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'][(new Date().getUTCDay() + 3) % 7] ?? '';
    const waiting: readonly (readonly [lines: string, state: string, reason: RegExp])[] = [
      [`window: { days: [ ${day} ], from: "10:00", to: "11:00" }`, 'window-closed', new RegExp(`only ${day}, 10:00 to 11:00 UTC`)],
      ['grace: 7 days', 'watched', /7 days before it goes, which needs a server/],
    ];
    for (const [lines, state, reason] of waiting) {
      const { exit, document } = await run(`${POLICY}${lines}\n`, { apply: true });
      expect(document.stores[0]).toMatchObject({ state, reason: expect.stringMatching(reason) as string });
      expect(exit).toBe(1);
    }
    expect(readdirSync(reports)).toHaveLength(30);
    const open = await run(`${POLICY}window: { from: "00:00", to: "24:00" }\nexclude: [ "/var/opt/kaspersky/klms/reports/report 01" ]\n`, { apply: true });
    expect(open.document.stores[0]).toMatchObject({ state: 'done', skipped: expect.arrayContaining([{ reason: 'excluded', items: 1 }]) as unknown });
    expect(readdirSync(reports)).toContain('report 01');
  });
});

describe('rotating a host that an executor works on', () => {
  const worker = generateSigningKey();
  let state: string;
  /** The newest bundle that its executor was shown, with these holds. */
  const shown = (holds: readonly object[], by = worker): void => {
    const bundle = { schema: 'mailwarden/policy-bundle/v1', server: 'mx-1', version: 3, labels: {}, rules: [], holds, transmission: { failClosed: false }, scanIntervalSeconds: 60, issuedAt: '2026-01-01T00:00:00.000Z', expiresAt: '2026-01-08T00:00:00.000Z' };
    writeFileSync(join(state, 'bundle.json'), JSON.stringify(signDocument(signerFromPem(by.pem), SIGNING_CONTEXTS.bundle, bundle)), { mode: 0o600 });
  };
  const hold = { id: 'case-7', profile: null, store: null, from: null, until: '2020-09-13T12:26:49.000Z', reason: 'A court asked' };

  beforeEach(() => {
    fill(20);
    const journalDir = join(root, 'executor');
    state = join(journalDir, 'state');
    mkdirSync(state, { recursive: true, mode: 0o700 });
    mkdirSync(join(root, 'etc/mailwarden'), { recursive: true });
    const trust = join(root, 'trust.json');
    writeFileSync(trust, JSON.stringify({ schema: 'mailwarden/trust/v1', rotation: worker.publicKey, consent: worker.publicKey, reporting: worker.publicKey }), { mode: 0o600 });
    writeFileSync(join(root, 'etc/mailwarden/executor.json'), JSON.stringify({ server: 'mx-1', root, trust, signingKey: '/nowhere', journalDir, hashKeyFile: '/nowhere' }), { mode: 0o600 });
  });

  it('keeps what the newest bundle holds that its executor was shown, in the plan and in what is done', async () => {
    shown([hold, { ...hold, id: 'of-another-store', store: 'backup', until: null }]);
    expect((await run(POLICY)).document).toMatchObject({ remarks: [], stores: [{ planned: { items: 10 } }] });
    const { document } = await run(POLICY, { apply: true });
    expect(document.stores).toMatchObject([{ deleted: { items: 10 }, skipped: [{ reason: 'held', items: 10 }] }]);
    expect(readdirSync(reports)).toHaveLength(10);
  });

  it.each([
    ['is signed by another', () => shown([], generateSigningKey()), 'is not signed by the rotation worker'],
    ['cannot be understood', () => writeFileSync(join(state, 'bundle.json'), '{ half', { mode: 0o600 }), 'cannot be understood'],
    ['can be written by others', () => {
      shown([]);
      chmodSync(join(state, 'bundle.json'), 0o666);
    }, 'chmod go-w'],
    ['is of an executor whose settings cannot be understood', () => writeFileSync(join(root, 'etc/mailwarden/executor.json'), '{}', { mode: 0o600 }), 'is not what an executor is set up by'],
  ])('deletes nothing where that bundle %s, unless somebody says that it may', async (_what, make, why) => {
    make();
    await expect(run(POLICY, { apply: true })).rejects.toThrow(why);
    expect(readdirSync(reports)).toHaveLength(20);
    expect((await run(POLICY)).document).toMatchObject({ remarks: [expect.stringContaining(why)], stores: [{ state: 'waits' }] });
    expect((await run(POLICY, { apply: true, withoutKnownHolds: true })).document).toMatchObject({ remarks: [expect.stringContaining(why)], stores: [{ deleted: { items: 15 } }] });
  });

  it('waits for its executor, and goes on with the other stores', async () => {
    shown([]);
    const give = lockOrder(join(state, 'kaspersky-klms-8.reports.lock'), 'an order on this store');
    try {
      const { exit, document } = await run(POLICY, { apply: true });
      expect(document.stores).toMatchObject([{ state: 'failed', reason: expect.stringContaining('is carrying out an order on this store; wait for it to end') }]);
      expect(exit).toBe(2);
    } finally {
      give();
    }
    expect(readdirSync(reports)).toHaveLength(20);
    expect((await run(POLICY, { apply: true })).document.stores).toMatchObject([{ state: 'done', deleted: { items: 15 } }]);
    expect(existsSync(join(state, 'kaspersky-klms-8.reports.lock'))).toBe(false);
  });

  it('counts the holds of one whose settings are elsewhere, by where its state lies', async () => {
    rmSync(join(root, 'etc/mailwarden/executor.json'));
    state = join(root, 'var/lib/mailwarden-executor/journal/state');
    mkdirSync(state, { recursive: true, mode: 0o700 });
    shown([{ ...hold, until: null }]);
    expect((await run(POLICY, { apply: true })).document.stores).toMatchObject([{ state: 'stays-over', planned: { items: 0 } }]);
    expect(readdirSync(reports)).toHaveLength(20);
  });
});
