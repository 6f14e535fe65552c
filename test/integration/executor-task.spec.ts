import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { randomUUID } from 'node:crypto';
import { idOfRuleTask, type Receipt } from '@mailwarden/contracts';
import { instantOf, keyedHash } from '@mailwarden/kernel';
import { eventually } from '@mailwarden/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRoot, ONLY_ROOT } from './only-root.js';
import { FILE_BYTES, TaskHost } from './task-host.js';

const STRANGER = 54_321;
/** A program is started from its source, on a machine that may be busy. */
const WAIT_MS_MAX = 60_000;
const PROGRAM_MS = 2 * WAIT_MS_MAX;
/** Owner, rights of files, groups and accounts, signals, and the files that others have open. */
const DELETION_NEEDS = [0, 1, 2, 3, 5, 6, 7, 19].reduce((sum, bit) => sum | (1n << BigInt(bit)), 0n);

let host: TaskHost;
beforeEach(() => {
  host = new TaskHost();
  host.fill(20);
});
afterEach(() => host.remove());

describe('an order with a bundle', () => {
  it('is carried out, and its account says by whose word', async () => {
    const order = host.order();
    const { receipt } = await host.run(host.task(order, host.bundle(3)));
    expect(receipt).toMatchObject({ outcome: 'completed', deleted: { items: 15 }, authority: { kind: 'order' }, purpose: 'rotate' });
    expect(host.files).toHaveLength(5);
    host.fill(20);
    expect((await host.run(host.task(order, host.bundle(3)))).receipt).toEqual(receipt);
    expect(host.files).toHaveLength(20);
  });

  it('takes nothing that a newer hold of the bundle keeps, and goes on beside it', async () => {
    const held = { from: null, until: '2020-09-13T12:26:47.500Z' as never };
    const { receipt } = await host.run(host.task(host.order(), host.bundle(3, { holds: [host.hold({ store: 'reports' as never, ...held })] })));
    expect(receipt).toMatchObject({ outcome: 'completed', skipped: [{ reason: 'held', items: 8 }] });
    expect(host.files.slice(0, 8)).toEqual(Array.from({ length: 8 }, (_, index) => `report-000${index}`));
  });

  it('is held by what was shown once, also when the bundle that comes along is older or none does', async () => {
    await host.run(host.task(host.order({ purpose: 'plan' }), host.bundle(9, { holds: [host.hold()] })));
    for (const bundle of [host.bundle(8), null]) expect((await host.run(host.task(host.order(), bundle))).receipt).toMatchObject({ deleted: { items: 0 } });
    expect(host.files).toHaveLength(20);
    expect((await host.run(host.task(host.order(), host.bundle(10)))).receipt).toMatchObject({ deleted: { items: 15 } });
  });

  it.each([
    ['a bundle of a stranger', (h: TaskHost, task: Record<string, unknown>) => ({ ...task, bundle: h.sign(h.bundle(4), 'bundle', 'stranger') }), 'the bundle is not signed by the rotation worker'],
    ['a bundle of another server', (h: TaskHost, task: Record<string, unknown>) => ({ ...task, bundle: h.sign(h.bundle(4, { server: 'mx-2' as never }), 'bundle') }), 'the bundle is for another server'],
    ['an order signed as a bundle', (h: TaskHost, task: Record<string, unknown>) => ({ ...task, bundle: h.sign(h.bundle(4), 'order') }), 'the bundle is not signed by the rotation worker'],
    ['an order of another server', (h: TaskHost, task: Record<string, unknown>) => ({ ...task, order: h.sign(h.order({ server: 'mx-2' as never })) }), 'the order is for another server'],
    ['an order that ran out', (h: TaskHost, task: Record<string, unknown>) => ({ ...task, order: h.sign(h.order({ expiresAt: '2026-01-01T00:00:00.000Z' as never })) }), 'the order ran out'],
    ['an order of the future', (h: TaskHost, task: Record<string, unknown>) => ({ ...task, order: h.sign(h.order({ issuedAt: '2096-01-01T00:00:00.000Z' as never, expiresAt: '2097-01-01T00:00:00.000Z' as never })) }), 'the clock of this server runs behind'],
    ['an order with a member that is not known', (h: TaskHost, task: Record<string, unknown>) => ({ ...task, order: h.sign({ ...h.order(), onlyOn: 'mondays' }) }), 'something that this version does not know'],
    ['an order with such a member further in', (h: TaskHost, task: Record<string, unknown>) => ({ ...task, order: h.sign({ ...h.order(), keep: { newest: 0, youngerThanSeconds: 0, starred: true } }) }), 'something that this version does not know'],
    ['an order for a profile that is not known', (h: TaskHost, task: Record<string, unknown>) => ({ ...task, order: h.sign(h.order({ profile: 'other' as never })) }), 'the profile other is not known here'],
    ['an order for a store that may not be deleted from', (h: TaskHost, task: Record<string, unknown>) => ({ ...task, order: h.sign(h.order({ store: 'settings' as never })) }), 'settings'],
  ])('is refused with its reason: %s', async (_name, change, reason) => {
    const { receipt } = await host.run(JSON.stringify(change(host, JSON.parse(host.task(host.order(), host.bundle(3))) as Record<string, unknown>)));
    expect(receipt).toMatchObject({ outcome: 'refused', deleted: { items: 0 }, reason: expect.stringContaining(reason) });
    expect(host.files).toHaveLength(20);
  });

  it.each([
    ['a stranger signed the order', (h: TaskHost) => JSON.stringify({ schema: 'mailwarden/executor-task/v1', order: h.sign(h.order(), 'order', 'stranger'), bundle: null, rule: null })],
    ['the order was changed', (h: TaskHost) => h.task(h.order(), null).replace('"limit":', '"limit":1')],
    ['it is both an order and a rule', (h: TaskHost) => h.task(h.order(), h.bundle(1, { rules: [h.rule()] }), { id: randomUUID(), policy: 'cap', profile: 'kaspersky-klms-8', store: 'reports' })],
    ['it is neither', (h: TaskHost) => h.task(null, h.bundle(1))],
    ['it is no JSON', () => 'rm -rf'],
  ])('gets no account at all: %s', async (_name, task) => {
    expect(await host.run(task(host))).toMatchObject({ receipt: null, complaint: expect.stringMatching(/./) });
    expect(host.files).toHaveLength(20);
  });

  it('is not carried out on the word of files that others can write', async () => {
    for (const name of ['executor.json', 'trust.json', 'key.pem', 'hash-key']) {
      chmodSync(join(host.dir, name), 0o622);
      expect(await host.run(host.task(host.order(), null)), name).toMatchObject({ receipt: null });
      chmodSync(join(host.dir, name), 0o600);
    }
    await host.run(host.task(host.order({ purpose: 'plan' }), host.bundle(1)));
    chmodSync(join(host.stateDir, 'bundle.json'), 0o666);
    expect(await host.run(host.task(host.order(), null))).toMatchObject({ receipt: null, complaint: expect.stringContaining('chmod go-w') });
    chmodSync(join(host.stateDir, 'bundle.json'), 0o600);
    writeFileSync(join(host.stateDir, 'bundle.json'), '{ half');
    expect(await host.run(host.task(host.order(), null))).toMatchObject({ receipt: null, complaint: expect.stringContaining('nobody knows which holds stand') });
    expect(host.files).toHaveLength(20);
  });

  it.runIf(isRoot)(`nor of files that belong to another account${ONLY_ROOT}`, async () => {
    for (const name of ['executor.json', 'trust.json', 'key.pem', 'hash-key']) {
      chownSync(join(host.dir, name), STRANGER, STRANGER);
      expect(await host.run(host.task(host.order(), null)), name).toMatchObject({ receipt: null, complaint: expect.stringContaining('belongs to another account') });
      chownSync(join(host.dir, name), 0, 0);
    }
    await host.run(host.task(host.order({ purpose: 'plan' }), host.bundle(1)));
    chownSync(join(host.stateDir, 'bundle.json'), STRANGER, STRANGER);
    expect(await host.run(host.task(host.order(), null))).toMatchObject({ receipt: null, complaint: expect.stringContaining("this program's own word") });
    expect(host.files).toHaveLength(20);
  });

  it('counts what earlier orders of its policy took within the time of its rate', async () => {
    const bounds = { items: 16, bytes: 1e12, percent: 100, deadlineSeconds: 60, perSeconds: 3600 };
    expect((await host.run(host.task(host.order({ bounds }), null))).receipt).toMatchObject({ deleted: { items: 15 } });
    host.fill(20);
    expect((await host.run(host.task(host.order({ bounds }), null))).receipt).toMatchObject({ outcome: 'stopped', reason: '15 items would go; the bound is 1', deleted: { items: 0 } });
    expect((await host.run(host.task(host.order({ bounds, policy: { name: 'other', version: '0'.repeat(64) as never } }), null))).receipt).toMatchObject({ deleted: { items: 15 } });
  });
});

describe('a plan', () => {
  it('tells exactly what would go, keeps the list on the host for root alone, and deletes nothing', async () => {
    const order = host.order({ purpose: 'plan' });
    const { receipt } = await host.run(host.task(order, null));
    expect(receipt).toMatchObject({ outcome: 'planned', purpose: 'plan', reason: '', before: { items: 20 }, planned: { items: 15, bytes: 15 * FILE_BYTES }, deleted: { items: 0 }, after: { known: false } });
    expect(receipt?.samples).toHaveLength(15);
    expect(receipt?.samples?.[0]).toEqual({ name: keyedHash(Buffer.from('key'), '/var/opt/kaspersky/klms/reports/report-0000'), bytes: FILE_BYTES, at: '2020-09-13T12:26:40.000Z' });
    const list = join(host.stateDir, 'plans', `${order.id}.jsonl`);
    expect(statSync(list).mode & 0o777).toBe(0o600);
    const lines = readFileSync(list, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { name: string });
    expect(lines.map(({ name }) => Buffer.from(name, 'base64').toString())).toEqual(Array.from({ length: 15 }, (_, index) => `/var/opt/kaspersky/klms/reports/report-${String(index).padStart(4, '0')}`));
    expect(JSON.stringify(receipt)).not.toContain('report-0');
    host.fill(5, 100);
    expect((await host.run(host.task(order, null))).receipt).toEqual(receipt);
    expect(host.files).toHaveLength(25);
  });

  it('says which bound an order would stop at', async () => {
    const bounds = { items: 3, bytes: 1e12, percent: 100, deadlineSeconds: 60 };
    expect((await host.run(host.task(host.order({ purpose: 'plan', bounds }), null))).receipt).toMatchObject({ outcome: 'planned', reason: '15 items would go; the bound is 3', planned: { items: 15 } });
  });
});

describe('a mark', () => {
  const marked = async (): Promise<string> => {
    const order = host.order({ purpose: 'mark' });
    expect((await host.run(host.task(order, null))).receipt).toMatchObject({ outcome: 'marked', purpose: 'mark', planned: { items: 15 }, deleted: { items: 0 } });
    return order.id;
  };

  it('notes what would go, by hashes alone, and lets nothing else go later', async () => {
    const mark = await marked();
    const file = readFileSync(join(host.stateDir, 'marks', `${mark}.marks`));
    expect(file.includes('report-0')).toBe(false);
    writeFileSync(join(host.store, 'report-0003'), 'written anew');
    utimesSync(join(host.store, 'report-0003'), 1_600_000_003, 1_600_000_003);
    host.fill(10, 100);
    const { receipt } = await host.run(host.task(host.order({ marked: mark, target: 1, limit: 1 }), null));
    expect(receipt).toMatchObject({ outcome: 'completed', deleted: { items: 14 } });
    expect(receipt?.skipped).toContainEqual(expect.objectContaining({ reason: 'in-grace' }));
    expect(host.files).toContain('report-0003');
    expect(host.files.filter((name) => name.startsWith('report-01'))).toHaveLength(10);
    expect(existsSync(join(host.stateDir, 'marks', `${mark}.marks`))).toBe(false);
  });

  it('that is missing, damaged, or of another policy lets nothing go', async () => {
    const mark = await marked();
    const file = join(host.stateDir, 'marks', `${mark}.marks`);
    const refused = async (part: object, reason: string): Promise<void> => expect((await host.run(host.task(host.order({ marked: mark, ...part }), null))).receipt).toMatchObject({ outcome: 'refused', reason: expect.stringContaining(reason), deleted: { items: 0 } });
    await refused({ policy: { name: 'other', version: '0'.repeat(64) } }, 'for another policy');
    await refused({ marked: randomUUID() }, 'not on this host');
    const bytes = readFileSync(file);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    writeFileSync(file, bytes);
    await refused({}, 'cannot be read any more');
    writeFileSync(file, '');
    await refused({}, 'cannot be read any more');
    expect(host.files).toHaveLength(20);
  });

  it('is not made where an order would stop at a bound', async () => {
    const bounds = { items: 3, bytes: 1e12, percent: 100, deadlineSeconds: 60 };
    expect((await host.run(host.task(host.order({ purpose: 'mark', bounds }), null))).receipt).toMatchObject({ outcome: 'stopped', reason: '15 items would go; the bound is 3' });
    expect(existsSync(join(host.stateDir, 'marks'))).toBe(false);
  });
});

describe('a rule of the bundle', () => {
  it('is carried out by the bundle alone, once for each task', async () => {
    const id = randomUUID();
    const bundle = host.bundle(4, { rules: [host.rule()] });
    const { receipt } = await host.run(host.ruleTask(bundle, id));
    expect(receipt).toMatchObject({ order: idOfRuleTask('mx-1', id), outcome: 'completed', policy: 'cap', authority: { kind: 'bundle', version: 4 }, deleted: { items: 15 } });
    host.fill(20);
    expect((await host.run(host.ruleTask(bundle, id))).receipt).toEqual(receipt);
    expect(host.files).toHaveLength(20);
  });

  it.each([
    ['that only watches', { mode: 'observe' as const }, 'without the control plane'],
    ['that asks', { mode: 'ask' as const }, 'without the control plane'],
    ['that is not for the time without one', { offline: false }, 'without the control plane'],
    ['that marks first', { graceSeconds: 60 }, 'without the control plane'],
    ['outside its window', { window: { days: [1, 2, 3, 4, 5, 6, 7], fromMinute: (new Date().getUTCHours() * 60 + 120) % 1440, toMinute: (new Date().getUTCHours() * 60 + 121) % 1440, timezone: 'UTC' } }, 'within its window'],
  ])('is refused: one %s', async (_name, part, reason) => {
    expect((await host.run(host.ruleTask(host.bundle(4, { rules: [host.rule(part)] })))).receipt).toMatchObject({ outcome: 'refused', reason: expect.stringContaining(reason), deleted: { items: 0 } });
    expect(host.files).toHaveLength(20);
  });

  it('is refused when its bundle has run out, is older than another that was shown, or says what is not known', async () => {
    const rules = [host.rule()];
    const refused = async (task: string, reason: string): Promise<void> => expect((await host.run(task)).receipt).toMatchObject({ outcome: 'refused', reason: expect.stringContaining(reason) });
    await refused(host.ruleTask(host.bundle(4, { rules, expiresAt: '2026-01-01T00:00:00.000Z' as never })), 'the bundle ran out');
    await refused(host.ruleTask(host.bundle(5, { rules, stopEverything: true } as never)), 'something that this version does not know');
    await host.run(host.task(host.order({ purpose: 'plan' }), host.bundle(7, { rules })));
    await refused(host.ruleTask(host.bundle(6, { rules })), 'older than one that this host knows');
    expect(host.files).toHaveLength(20);
  });

  it('gets no account without a bundle, or by a bundle that does not have it', async () => {
    expect(await host.run(host.ruleTask(null))).toMatchObject({ receipt: null });
    expect(await host.run(host.ruleTask(host.bundle(4)))).toMatchObject({ receipt: null, complaint: expect.stringContaining('no such rule') });
    const forged = JSON.stringify({ ...(JSON.parse(host.ruleTask(host.bundle(4))) as object), bundle: host.sign(host.bundle(4, { rules: [host.rule()] }), 'bundle', 'stranger') });
    expect(await host.run(forged)).toMatchObject({ receipt: null });
    expect(host.files).toHaveLength(20);
  });
});

describe('what was begun and has no account', () => {
  const list = async (): Promise<string[]> => {
    const answer = await host.ask('list');
    return typeof answer === 'object' && 'tasks' in answer ? answer.tasks.map(({ id }) => id) : [`${JSON.stringify(answer)}`];
  };

  it('is told by its id: an order, and a rule of the bundle under the id that the executor gave it', async () => {
    const [order, named] = [host.order(), randomUUID()];
    expect(await list()).toEqual([]);
    await host.breakOff(host.task(order, null), 'moved');
    host.fill(20, 100);
    await host.breakOff(host.ruleTask(host.bundle(4, { rules: [host.rule()] }), named), 'moved');
    await host.run(host.task(host.order({ purpose: 'plan' }), null));
    expect((await list()).sort()).toEqual([order.id, idOfRuleTask('mx-1', named)].sort());
    expect(await host.ask('list')).toMatchObject({ tasks: expect.arrayContaining([{ id: order.id, profile: order.profile, store: 'reports', deadlineSeconds: 60 }]), damaged: 0 });
  });

  it('of an order that nobody gives any more is accounted for by the copy that was kept, once it ran out as before', async () => {
    const order = host.order({ expiresAt: instantOf(Date.now() + 1_500) });
    await host.breakOff(host.task(order, null), 'deleted');
    await eventually('it has run out', WAIT_MS_MAX, () => Promise.resolve(Date.now() > Date.parse(order.expiresAt) ? true : undefined));
    const receipt = await host.ask(order.id);
    expect(receipt).toMatchObject({ order: order.id, reason: expect.stringContaining('ran out'), resumed: true, authority: { kind: 'order' } });
    expect(host.files).toHaveLength(20 - (receipt as Receipt).deleted.items);
    expect(host.files.filter((name) => name.startsWith('.'))).toEqual([]);
    expect(await list()).toEqual([]);
    expect(readdirSync(join(host.stateDir, 'orders'))).toEqual([]);
    // Whoever asks again gets the same.
    expect(await host.ask(order.id)).toEqual(receipt);
    expect((await host.run(host.task(order, null))).receipt).toEqual(receipt);
  });

  it('of a rule is brought to its end, by its own name or by that of the executor, and nothing new goes', async () => {
    const named = randomUUID();
    const bundle = host.bundle(4, { rules: [host.rule()] });
    await host.breakOff(host.ruleTask(bundle, named), 'deleted');
    const receipt = await host.ask(named, bundle);
    expect(receipt).toMatchObject({ order: idOfRuleTask('mx-1', named), resumed: true, authority: { kind: 'bundle', version: 4 } });
    expect(host.files).toHaveLength(20 - (receipt as Receipt).deleted.items);
    expect(await host.ask(idOfRuleTask('mx-1', named))).toEqual(receipt);
    expect(await list()).toEqual([]);
  });

  it('keeps every other task of its store from beginning, whoever gives it, until it has its account', async () => {
    const [cut, next] = [host.order(), host.order()];
    await host.breakOff(host.task(cut, null), 'moved');
    host.fill(20, 100);
    const before = host.files;
    for (const task of [host.task(next, null), host.ruleTask(host.bundle(4, { rules: [host.rule()] }))]) {
      expect(await host.run(task)).toMatchObject({ receipt: null, complaint: expect.stringContaining(`the order ${cut.id} on this store was begun and has no account yet`) });
      expect(host.files).toEqual(before);
    }
    const first = await host.ask(cut.id);
    const second = (await host.run(host.task(next, null))).receipt;
    expect([(first as Receipt).deleted.items + (second?.deleted.items ?? 0), host.files.length]).toEqual([35, 5]);
    expect(host.files.filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('keeps tasks from beginning also where a person at the host began it, and not those of other stores', async () => {
    const [local, other] = [randomUUID(), randomUUID()];
    const folder = join(host.root, 'var/lib/mailwarden/rotations');
    mkdirSync(folder, { recursive: true });
    const journal = (id: string, store: string): void => {
      const records = [{ kind: 'opened', content: '0'.repeat(64), facts: { id, server: 'mx-1', profile: 'kaspersky-klms-8', store, bounds: host.order().bounds, policy: { name: 'cap' } } }, { kind: 'begun' }].map((record) => JSON.stringify(record));
      writeFileSync(join(folder, `${id}.journal`), records.map((json) => `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`).join(''), { mode: 0o600 });
    };
    journal(other, 'backup');
    journal(local, 'reports');
    expect(await host.run(host.task(host.order(), null))).toMatchObject({ receipt: null, complaint: expect.stringContaining(local) });
    expect(host.files).toHaveLength(20);
    rmSync(join(folder, `${local}.journal`));
    expect((await host.run(host.task(host.order(), null))).receipt).toMatchObject({ outcome: 'completed' });
  });

  it('is not found where nothing was begun, and one that cannot be read hides no other', async () => {
    const order = host.order();
    await host.breakOff(host.task(order, null), 'moved');
    writeFileSync(join(host.dir, 'journal', `${randomUUID()}.journal`), 'garbled\n');
    expect(await host.ask(randomUUID())).toMatchObject({ schema: 'mailwarden/unfinished-tasks/v1', tasks: [{ id: order.id }], damaged: 1 });
    expect(host.files).toHaveLength(20 - 15 + 1);
  });

  it('is not carried on by a copy that others changed', async () => {
    const order = host.order();
    await host.breakOff(host.task(order, null), 'moved');
    const kept = join(host.stateDir, 'orders', `${order.id}.json`);
    writeFileSync(kept, readFileSync(kept, 'utf8').replace('"limit":', '"limit":1'));
    expect(await host.ask(order.id)).toContain('not signed by the rotation worker');
    chmodSync(kept, 0o666);
    expect(await host.ask(order.id)).toContain('chmod go-w');
    expect(await list()).toEqual([order.id]);
  });
});

describe('the program', () => {
  it('has given up what deletion does not need, in each of its threads, before it reads its task', { timeout: PROGRAM_MS }, async () => {
    const task = host.task(host.order(), host.bundle(1));
    const { receipt, complaint } = await host.runAlone(async (child) => {
      // Its line does not end yet: it waits, and can be looked at.
      child.stdin.write(task);
      const of = (file: string): string => readFileSync(`/proc/${child.pid}/${file}`, 'latin1');
      await eventually('it is confined', WAIT_MS_MAX, () => Promise.resolve(/^NoNewPrivs:\t1$/m.test(of('status')) && of('environ').includes('CONFINED') ? true : undefined));
      for (const thread of readdirSync(`/proc/${child.pid}/task`)) {
        const status = of(`task/${thread}/status`);
        expect(status).toMatch(/^NoNewPrivs:\t1$/m);
        expect(BigInt(`0x${/^CapPrm:\t([0-9a-f]+)$/m.exec(status)?.[1]}`) & ~DELETION_NEEDS).toBe(0n);
        if (isRoot) expect(BigInt(`0x${/^CapBnd:\t([0-9a-f]+)$/m.exec(status)?.[1]}`) & ~DELETION_NEEDS).toBe(0n);
      }
      expect(of('environ').split('\0').map((line) => line.split('=')[0]).sort()).toEqual(['', 'MAILWARDEN_CONFINED', 'MAILWARDEN_EXECUTOR_SETTINGS']);
      expect(of('limits')).toMatch(/^Max core file size +0 +0/m);
      if (isRoot) expect(readlinkSync(`/proc/${child.pid}/ns/net`)).not.toBe(readlinkSync('/proc/self/ns/net'));
      child.stdin.end('\n');
    });
    expect({ outcome: receipt?.outcome, complaint }).toEqual({ outcome: 'completed', complaint: '' });
    expect(host.files).toHaveLength(5);
  });

  it.each(['SIGTERM', 'stop'] as const)('told to end by %s ends between two items, with its account, and stays ended', { timeout: PROGRAM_MS }, async (how) => {
    host.fill(1_500, 1_000);
    const order = host.order({ pace: { itemsPerSecond: 20, bytesPerSecond: null } });
    const { receipt } = await host.runAlone(async (child) => {
      child.stdin.write(`${host.task(order, null)}\n`);
      await eventually('it has begun', WAIT_MS_MAX, () => Promise.resolve(host.files.some((name) => name.startsWith('.mailwarden-')) ? true : undefined));
      if (how === 'SIGTERM') child.kill('SIGTERM');
      else child.stdin.write('stop\n');
    });
    expect(receipt).toMatchObject({ outcome: 'stopped', reason: 'it was told to end' });
    expect(host.files.filter((name) => name.startsWith('.'))).toEqual([]);
    expect(host.files).toHaveLength(1_520 - (receipt?.deleted.items ?? 0));
    expect((await host.run(host.task(order, null))).receipt).toEqual(receipt);
  });

  it('prints no account of what no worker signed, and says why', { timeout: PROGRAM_MS }, async () => {
    const forged = JSON.stringify({ schema: 'mailwarden/executor-task/v1', order: host.sign(host.order(), 'order', 'stranger'), bundle: null, rule: null });
    expect(await host.runAlone((child) => child.stdin.end(forged))).toEqual({ receipt: null, complaint: 'rotation-executor: the order is not signed by the rotation worker\n' });
  });
});
