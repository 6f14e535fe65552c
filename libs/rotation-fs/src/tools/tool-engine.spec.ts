import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, chownSync, copyFileSync, lchownSync, linkSync, lutimesSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ItemTool, Profile, ProductTool, RuleTool, Store } from '@mailwarden/catalogue';
import type { RotationOrder } from '@mailwarden/contracts';
import { withHost } from '@mailwarden/inventory-fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { previewStore } from '../preview-store.js';
import type { ApplyRequest, StepWatch } from '../rotate-request.js';
import { rotateStore } from '../rotate-store.js';
import { refusalOf } from '../safe-root.js';
import { awaitEnd } from './still-runs.js';
import { programProblem } from './tool-program.js';

const isRoot = process.geteuid?.() === 0;
const NOBODY = 65_534;
const FILE_BYTES = 4096;
const WIDE = { items: 100_000, bytes: 1e12, percent: 100, deadlineSeconds: 60 };
const SHARED = { timeoutSeconds: 10, exitCodes: [0], account: null, report: null, source: 'manual' } as const;

let place: string;
let queue: string;

/** `rm` stands for a product's tool: it takes names, deletes them, and says nothing. */
const itemTool = (part: Partial<ItemTool> = {}): ItemTool => ({
  by: 'item', command: ['/usr/bin/rm', '--'], names: { files: [`${queue}/**/{id}`], parts: { id: 'postfix-queue-id' } }, give: { by: 'arguments', each: [`${queue}/{id}`], before: [], between: [], after: [] }, itemsAtOnce: 4, then: null, otherwise: 'keep', ...SHARED, ...part,
});
const ruleTool = (part: Partial<RuleTool> = {}): RuleTool => ({ by: 'rule', bytes: ['/usr/bin/true', '{bytes}'], age: null, ...SHARED, ...part });

const storeWith = (tool: ProductTool): Store =>
  ({ id: 'hold', section: 'Hold', kind: 'files', statedDirectories: null, files: [`${queue}/**`], exclude: [], active: [], rotateActive: null, units: [], messages: false, tool, rows: null, lists: null, lineRecords: false, dataCategories: null, duration: { kind: 'not-stated' }, limits: [], configuredLimits: [], protection: { accounts: null, groups: [], source: null }, clock: 'modified', rotatable: true, quietPeriodSeconds: 10, notes: [] }) as unknown as Store;

const nameOf = (number: number): string => `ABC${String(1000 + number)}`;
/** Files by the names of a queue, the first the oldest. */
function fill(count: number): string[] {
  return Array.from({ length: count }, (_, number) => {
    writeFileSync(join(queue, nameOf(number)), Buffer.alloc(FILE_BYTES));
    utimesSync(join(queue, nameOf(number)), 1_000_000 + number, 1_000_000 + number);
    return nameOf(number);
  });
}
const left = (): string[] => readdirSync(queue).sort();

const factsOf = (order: string, bounds = WIDE) => ({ id: order, server: 'mx-1', profile: 'product', store: 'hold', bounds, policy: { name: 'cap' } }) as unknown as RotationOrder;

function withRequest<T>(tool: ProductTool, part: Partial<ApplyRequest>, use: (request: ApplyRequest) => Promise<T>): Promise<T> {
  const store = storeWith(tool);
  const profile = { id: 'product', stores: [store], accounts: { service: 'nobody', others: [], groups: [] } } as unknown as Profile;
  return withHost('/', { databases: {} }, (host) =>
    use({ host, profile, store, watermarks: [{ kind: 'bytes', limit: 10 * FILE_BYTES, target: 5 * FILE_BYTES }], clock: 'modified', keep: { newest: 0, youngerThanSeconds: 0 }, bounds: WIDE, holds: [], exclude: [], overwrite: false, orphans: 'keep', pace: { itemsPerSecond: null, bytesPerSecond: null }, marked: null, stop: null, issuedAtMs: Date.now(), hashKey: Buffer.from('key'), now: Date.now, journalDir: join(place, 'journal'), ...part }),
  );
}
const rotate = (tool: ProductTool, part: Partial<ApplyRequest> = {}, order = randomUUID()) => withRequest(tool, part, (request) => rotateStore(request, factsOf(order, part.bounds)));

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'mailwarden-tools-'));
  queue = join(place, 'queue');
  mkdirSync(queue);
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

describe('a tool that is handed the exact items', () => {
  it('deletes what was planned, oldest first, and its effect is measured', async () => {
    const made = fill(20);
    const order = randomUUID();
    const receipt = await rotate(itemTool(), {}, order);
    expect(receipt).toMatchObject({ outcome: 'completed', before: { items: 20 }, planned: { items: 15 }, deleted: { items: 15, bytes: 15 * FILE_BYTES }, after: { known: true, value: { items: 5 } }, facts: { tool: '/usr/bin/rm' }, notes: [] });
    expect(left()).toEqual(made.slice(15));
    expect(await rotate(itemTool(), {}, order)).toEqual(receipt);
  });

  it('is given names on its standard input as well', async () => {
    fill(20);
    const receipt = await rotate(itemTool({ command: ['/usr/bin/xargs', '/usr/bin/rm', '--'], give: { by: 'lines', line: `${queue}/{id}` } }));
    expect(receipt).toMatchObject({ outcome: 'completed', deleted: { items: 15 }, facts: { tool: '/usr/bin/xargs' } });
  });

  it('keeps what it keeps: nothing is unlinked in its stead', async () => {
    fill(20);
    const receipt = await rotate(itemTool({ command: ['/usr/bin/true'] }));
    expect(receipt).toMatchObject({ outcome: 'failed', deleted: { items: 0 }, skipped: [{ reason: 'kept-by-tool', items: 15 }] });
    expect(receipt.reason).toMatch(/none of the 15/);
    expect(left()).toHaveLength(20);
  });

  it('is not believed: files that it carried away were not deleted', async () => {
    fill(20);
    mkdirSync(join(place, 'elsewhere'));
    const receipt = await rotate(itemTool({ command: ['/usr/bin/mv', `--target-directory=${place}/elsewhere`, '--'], report: { by: 'lines', ending: 'removed' } }));
    expect(receipt).toMatchObject({ outcome: 'failed', deleted: { items: 0 }, skipped: [{ reason: 'kept-by-tool', items: 15 }], notes: [expect.stringMatching(/^15 items left their place and were not deleted/)] });
    expect(readdirSync(join(place, 'elsewhere'))).toHaveLength(15);
  });

  it('has its words compared with what was measured', async () => {
    const counted = fill(20) && (await rotate(itemTool({ command: ['/usr/bin/rm', '--verbose', '--'], report: { by: 'lines', ending: "'" } })));
    expect(counted).toMatchObject({ deleted: { items: 15 }, notes: [] });
    const wrong = fill(20) && (await rotate(itemTool({ command: ['/usr/bin/rm', '--verbose', '--'], itemsAtOnce: 100, report: { by: 'lines', ending: 'was put away' } })));
    expect(wrong).toMatchObject({ outcome: 'completed', deleted: { items: 15 }, notes: ['/usr/bin/rm told of 0 items; 15 were measured, which is what counts here'] });
  });

  it('is never handed a name that is not of its alphabet, nor a file that took a planned name', async () => {
    fill(20);
    for (const name of ['-rf', 'ABC 1000', 'ABC\n1001', 'ÄBC1002', 'AB']) {
      writeFileSync(join(queue, name), Buffer.alloc(FILE_BYTES));
      utimesSync(join(queue, name), 1_000, 1_000);
    }
    let swapped = false;
    const receipt = await rotate(itemTool({ itemsAtOnce: 2 }), {
      watch: (step) => {
        if (step !== 'deleted' || swapped) return;
        swapped = true; // The first run has begun; the second run's first file is swapped.
        unlinkSync(join(queue, nameOf(2)));
        writeFileSync(join(queue, nameOf(2)), 'a new letter');
      },
    });
    expect(Object.fromEntries(receipt.skipped.map(({ reason, items }) => [reason, items]))).toEqual({ unnameable: 5, 'changed-since-plan': 1 });
    expect(readFileSync(join(queue, nameOf(2)), 'utf8')).toBe('a new letter');
    expect(left()).toEqual(expect.arrayContaining(['-rf', 'ABC 1000', 'ABC\n1001', 'ÄBC1002', 'AB']));
  });

  it('leaves links and second names alone', async () => {
    const made = fill(20);
    symlinkSync('/etc/passwd', join(queue, 'ABC9999'));
    lutimesSync(join(queue, 'ABC9999'), 1, 1);
    linkSync(join(queue, made[0] ?? ''), join(place, 'second'));
    const receipt = await rotate(itemTool());
    expect(receipt.skipped).toEqual(expect.arrayContaining([{ reason: 'hard-linked', items: 1 }, { reason: 'not-a-regular-file', items: 1 }]));
    expect(left()).toEqual(expect.arrayContaining(['ABC9999', made[0]]));
  });

  it('groups items by what stands in its command', async () => {
    for (const box of ['anna', 'ben']) mkdirSync(join(queue, box));
    fill(0);
    for (const [place_, number] of [['anna', 1], ['ben', 2], ['anna', 3], ['ben', 4]] as const) {
      writeFileSync(join(queue, place_, nameOf(number)), Buffer.alloc(FILE_BYTES));
      utimesSync(join(queue, place_, nameOf(number)), number, number);
    }
    const argvs: unknown[] = [];
    const tool = itemTool({ command: ['/usr/bin/rm', '--verbose', `${queue}/{user}/../{user}/no-such-file`, '-f', '--'], names: { files: [`${queue}/{user}/{id}`], parts: { user: 'account', id: 'postfix-queue-id' } }, give: { by: 'arguments', each: [`${queue}/{user}/{id}`], before: [], between: [], after: [] }, exitCodes: [0] });
    const receipt = await rotate(tool, { watermarks: [{ kind: 'bytes', limit: FILE_BYTES, target: FILE_BYTES }], watch: (step) => step === 'taken' && argvs.push(readdirSync(queue, { recursive: true }).length) });
    expect(receipt).toMatchObject({ outcome: 'completed', deleted: { items: 3 } });
    expect(argvs).toHaveLength(2);
    expect(readdirSync(join(queue, 'ben'))).toEqual([nameOf(4)]);
  });

  it.each(['intent', 'taken', 'moved', 'deleted'] as const)('accounts for each item after a crash at "%s"', async (step) => {
    const made = fill(20);
    const order = randomUUID();
    let seen = 0;
    const crash: StepWatch = (at) => {
      if (at === step && (seen += 1) === 2) throw new Error('crash');
    };
    await expect(rotate(itemTool(), { watch: crash }, order)).rejects.toThrow('crash');
    const receipt = await rotate(itemTool(), {}, order);
    expect(receipt).toMatchObject({ outcome: 'completed', resumed: true, before: { items: 20 }, planned: { items: 15 }, deleted: { items: 15, bytes: 15 * FILE_BYTES } });
    expect(left()).toEqual(made.slice(15));
  });

  it('does not count what the product carried to another folder of the store while nobody looked', async () => {
    fill(20);
    mkdirSync(join(queue, 'sub'));
    const order = randomUUID();
    const crash: StepWatch = (at) => {
      if (at !== 'taken') return;
      for (const number of [0, 1]) renameSync(join(queue, nameOf(number)), join(queue, 'sub', nameOf(number)));
      throw new Error('crash');
    };
    await expect(rotate(itemTool(), { watch: crash }, order)).rejects.toThrow('crash');
    const receipt = await rotate(itemTool({ command: ['/usr/bin/rm', '-f', '--'] }), {}, order);
    expect(receipt.deleted.items).toBe(13);
    expect(readdirSync(join(queue, 'sub'))).toEqual([nameOf(0), nameOf(1)]);
    expect(left(), 'as many are gone as were counted').toHaveLength(20 - 2 - 13 + 1);
  });

  it('is ended when it takes too long or prints too much, and is not tried for ever', async () => {
    fill(20);
    const slow = await rotate(itemTool({ command: ['/usr/bin/sleep', '60'], give: { by: 'lines', line: '{id}' }, timeoutSeconds: 0.1 }));
    expect(slow).toMatchObject({ outcome: 'failed', deleted: { items: 0 }, skipped: [{ reason: 'kept-by-tool', items: 12 }] });
    expect(slow.reason).toMatch(/failed 3 times in a row: \/usr\/bin\/sleep did not end/);
    const loud = await rotate(itemTool({ command: ['/usr/bin/yes'], itemsAtOnce: 100 }));
    expect(loud.notes).toEqual([expect.stringContaining('wrote more than')]);
    expect(loud.outcome).toBe('failed');
  });

  it('runs with an empty environment, in the root', async () => {
    fill(20);
    const told = join(place, 'told');
    await rotate(itemTool({ command: ['/usr/bin/dd', `of=${told}`, 'status=none', 'if=/proc/self/environ'], give: { by: 'lines', line: '{id}' } }));
    expect(readFileSync(told, 'utf8')).toBe('');
  });

  it('stops between two runs when it is told to', async () => {
    fill(20);
    const stop = new AbortController();
    const receipt = await rotate(itemTool(), { stop: stop.signal, watch: (step) => step === 'deleted' && stop.abort('a newer hold means this store') });
    expect(receipt).toMatchObject({ outcome: 'stopped', reason: 'a newer hold means this store', deleted: { items: 4 } });
    expect(left()).toHaveLength(16);
  });

  it('leaves the rest to us where the profile says that this is right', async () => {
    fill(20);
    expect(await rotate(itemTool({ command: ['/usr/bin/true'], otherwise: 'files' }))).toMatchObject({ outcome: 'completed', deleted: { items: 15 } });
    expect(left()).toHaveLength(5);
    fill(20);
    expect(await rotate(itemTool({ command: ['/usr/bin/no-such-tool'], otherwise: 'files' }))).toMatchObject({ outcome: 'completed', deleted: { items: 15 }, notes: [expect.stringContaining('not installed')] });
  });

  it('is told of in a plan, with why it could not be run', async () => {
    fill(20);
    const plan = (tool: ProductTool) => withRequest(tool, {}, async (request) => previewStore(request));
    expect(await plan(itemTool())).toMatchObject({ planned: { items: 15 }, stopped: null, notes: ['what is planned here is deleted by /usr/bin/rm'] });
    expect(await plan(itemTool({ command: ['/usr/bin/no-such-tool'] }))).toMatchObject({ stopped: '/usr/bin/no-such-tool is not installed' });
    expect(await rotate(itemTool({ command: ['/usr/bin/no-such-tool'] }))).toMatchObject({ outcome: 'failed', reason: '/usr/bin/no-such-tool is not installed', deleted: { items: 0 } });
    expect(left()).toHaveLength(20);
  });
});

describe('a tool that chooses by itself', () => {
  /** Deletes by a name that is written out, as a tool does that has its own mind. */
  const deleting = (...numbers: number[]): RuleTool => ruleTool({ bytes: ['/usr/bin/rm', '--', ...numbers.map((number) => join(queue, nameOf(number)))] });

  it('is measured by what is gone', async () => {
    fill(20);
    const receipt = await rotate(deleting(...Array.from({ length: 15 }, (_, number) => number)));
    expect(receipt).toMatchObject({ outcome: 'completed', deleted: { items: 15 }, after: { known: true, value: { items: 5 } }, facts: { tool: '/usr/bin/rm' }, notes: [] });
  });

  it('is measured by what is gone where a new file got the inode of an old one', async () => {
    fill(20);
    const [gone, fresh] = [join(queue, nameOf(0)), join(queue, 'ABC9999')];
    const receipt = await rotate(ruleTool({ bytes: ['/bin/sh', '-c', `rm -- ${gone} && echo new > ${fresh}`] }));
    expect(receipt).toMatchObject({ deleted: { items: 1, bytes: FILE_BYTES }, skipped: [{ reason: 'kept-by-tool', items: 14 }] });
  });

  it('has what it deleted beside the plan told, and what it left', async () => {
    fill(20);
    const receipt = await rotate(deleting(0, 1, 19));
    expect(receipt).toMatchObject({ deleted: { items: 3 }, skipped: [{ reason: 'kept-by-tool', items: 13 }], notes: [expect.stringMatching(/^1 items went that were not planned/)] });
  });

  it('fails when it deleted beyond a bound', async () => {
    fill(20);
    const receipt = await rotate(deleting(...Array.from({ length: 18 }, (_, number) => number)), { bounds: { ...WIDE, items: 16 } });
    expect(receipt).toMatchObject({ outcome: 'failed', deleted: { items: 18 }, reason: expect.stringContaining('more than was planned') });
  });

  it('is given what may stay, so that it goes as far as the plan and no further', async () => {
    fill(20);
    const told = join(place, 'told');
    await rotate(ruleTool({ bytes: ['/usr/bin/truncate', '--size={bytes}', told] }));
    expect(readFileSync(told)).toHaveLength(5 * FILE_BYTES);
  });

  it.each([
    ['a hold', { holds: [{ id: 'case', profile: null, store: null, from: '2020-01-01T00:00:00.000Z', until: '2020-01-02T00:00:00.000Z', reason: 'a case' }] }, /a hold means this store/],
    ['an exclusion', { exclude: ['/nowhere/**'] }, /what the policy excludes/],
    ['a limit that it has no rule for', { watermarks: [{ kind: 'age', limit: 60, target: 60 }] }, /no rule for age/],
  ] as const)('is not run at all with %s', async (_what, part, reason) => {
    fill(20);
    const tool = part !== null && 'watermarks' in part ? { ...deleting(0), bytes: null } : deleting(0);
    const receipt = await rotate(tool, part as unknown as Partial<ApplyRequest>);
    expect(receipt).toMatchObject({ outcome: 'stopped', deleted: { items: 0 }, reason: expect.stringMatching(reason) });
    expect(left()).toHaveLength(20);
  });

  it.each(['taken', 'moved', 'deleted'] as const)('is accounted for after a crash at "%s"', async (step) => {
    fill(20);
    const order = randomUUID();
    const crash: StepWatch = (at) => {
      if (at === step) throw new Error('crash');
    };
    const tool = ruleTool({ bytes: ['/usr/bin/rm', '-f', '--', ...Array.from({ length: 15 }, (_, number) => join(queue, nameOf(number)))] });
    await expect(rotate(tool, { watch: crash }, order)).rejects.toThrow('crash');
    const receipt = await rotate(tool, {}, order);
    expect(receipt).toMatchObject({ outcome: 'completed', resumed: true, deleted: { items: 15 } });
  });
});

describe('what may be run', () => {
  it('belongs to root, with every folder on the way, and is no link that somebody else may turn', () => {
    expect(programProblem('/usr/bin/rm')).toBeNull();
    expect(programProblem('/bin/rm')).toBeNull();
    const own = join(place, 'tool');
    writeFileSync(own, '#!/bin/true\n', { mode: 0o755 });
    expect(programProblem(own)).toMatch(/can be written to by others|belongs to another account/);
    const link = join(place, 'link');
    symlinkSync('/usr/bin/rm', link);
    expect(programProblem(link)).toMatch(/can be written to by others|belongs to another account/);
    expect(programProblem('/usr/bin')).toMatch(/is no program/);
    chmodSync(own, 0o644);
    expect(programProblem('/etc/passwd')).toMatch(/may not be run/);
  });

  it.skipIf(!isRoot)(`is not what another account could change, wherever on the way${isRoot ? '' : ' (skipped: only root may give files away)'}`, () => {
    const folder = mkdtempSync('/var/lib/mailwarden-tools-');
    try {
      const [own, link] = [join(folder, 'tool'), join(folder, 'link')];
      copyFileSync('/usr/bin/true', own);
      symlinkSync('/usr/bin/true', link);
      expect([programProblem(own), programProblem(link)]).toEqual([null, null]);
      lchownSync(link, NOBODY, NOBODY);
      expect(programProblem(link)).toBe(`${link} belongs to another account than root`);
      chownSync(own, NOBODY, NOBODY);
      expect(programProblem(own)).toBe(`${own} belongs to another account than root`);
      chownSync(own, 0, 0);
      chmodSync(folder, 0o777);
      expect(programProblem(own)).toBe(`${folder} can be written to by others than root`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('is nothing in a tree that is not this host', async () => {
    fill(20);
    const store = { ...storeWith(itemTool()), files: ['/queue/**'] };
    const preview = await withRequest(itemTool(), {}, (request) => withHost(place, { databases: {} }, (host) => previewStore({ ...request, host, store, profile: { ...request.profile, stores: [store] } })));
    expect(preview).toMatchObject({ planned: { items: 15 }, stopped: expect.stringContaining('on the host itself alone') });
  });

  it('may lie in the homes of people only where nothing is deleted by hand', () => {
    const homes = (tool: ProductTool, glob = '/home/*/Maildir/.Trash*/cur/*') => refusalOf({ ...storeWith(tool), files: [glob] });
    expect(homes(itemTool())).toBeNull();
    expect(homes(itemTool({ otherwise: 'files' }))).toMatch(/folder of the system/);
    expect(homes(itemTool(), '/home/*/**')).toMatch(/folder of the system/);
    expect(homes(itemTool(), '/home/**')).toMatch(/folder of the system/);
    expect(homes(itemTool(), '/etc/**')).toMatch(/folder of the system/);
  });
});

describe('a tool that a killed executor left behind', () => {
  it('is waited for, since only then can be told what it did', async () => {
    const seconds = `0.4${String(process.pid).padStart(7, '0')}`;
    const child = spawn('/usr/bin/sleep', [seconds]);
    await expect(awaitEnd(['/usr/bin/sleep', seconds], 100)).rejects.toThrow('still works');
    expect(child.exitCode).toBeNull();
    await awaitEnd(['/usr/bin/sleep', seconds], 10_000);
    expect(readdirSync('/proc').includes(String(child.pid)) ? readFileSync(`/proc/${child.pid ?? 0}/cmdline`, 'latin1') : '').toBe('');
  });
});
