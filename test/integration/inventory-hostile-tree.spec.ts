import { execFileSync } from 'node:child_process';
import { chmodSync, closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { StoreObservation } from '@mailwarden/contracts';
import { afterEach, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { byStore, items, observed, skipped, STORE, unknown, type Stores } from './hostile-host.js';
import { isRoot, ONLY_ROOT } from './only-root.js';

const ENTRIES = 200_000;
const DEPTH = 5_000;
/** Longest that one look may keep everything else waiting. Units: milliseconds. */
const HELD_MS_MAX = 250;
/** An account that owns nothing on any system. */
const STRANGER = 54_321;

let root: string;
let store: string;
let mounted: string[];

const measure = async (stores: Stores = { mail: `/${STORE}/**` }): Promise<Record<string, StoreObservation>> => byStore(await observed(root, stores));
const openDescriptors = (): number => readdirSync('/proc/self/fd').length;

function mount(context: TestContext, args: readonly string[], at: string): void {
  mkdirSync(at, { recursive: true });
  try {
    execFileSync('mount', [...args, at], { stdio: 'pipe' });
  } catch {
    context.skip('this place lets nobody mount');
  }
  mounted.push(at);
}

beforeEach(() => {
  root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'mailwarden-hostile-'));
  store = join(root, STORE);
  mounted = [];
  mkdirSync(store, { recursive: true });
  mkdirSync(join(root, 'etc'));
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/:\n');
});
afterEach(() => {
  for (const at of mounted.toReversed()) execFileSync('umount', [at]);
  execFileSync('rm', ['-rf', root]);
});

describe('mounts', () => {
  it.runIf(isRoot)(`inside a store are not crossed, and make it known in part${ONLY_ROOT}`, async (context) => {
    writeFileSync(join(store, 'own'), 'x');
    mount(context, ['-t', 'tmpfs', 'none'], join(store, 'other'));
    writeFileSync(join(store, 'other/elsewhere'), 'x'.repeat(1000));
    mkdirSync(join(root, 'outside'));
    writeFileSync(join(root, 'outside/secret'), 'x'.repeat(1000));
    mount(context, ['--bind', join(root, 'outside')], join(store, 'bound'));
    const { mail } = await measure();
    expect([items(mail), skipped(mail), unknown(mail)]).toEqual([1, { 'other-file-system': 2 }, ['part of the store: 2 places could not be read (other-file-system)']]);
  });

  it.runIf(isRoot)(`that a profile names are walked, also inside another store and above one${ONLY_ROOT}`, async (context) => {
    mount(context, ['-t', 'tmpfs', 'none'], join(root, 'var/opt/acme/queue'));
    mkdirSync(store, { recursive: true });
    mount(context, ['-t', 'tmpfs', 'none'], store);
    writeFileSync(join(store, 'letter'), 'x');
    writeFileSync(join(root, 'var/opt/acme/queue/settings'), 'x');
    const { mail, all } = await measure({ mail: `/${STORE}/**`, all: '/var/opt/acme/**' });
    expect([items(mail), items(all), unknown(mail), unknown(all)]).toEqual([1, 1, [], []]);
  });
});

describe('a host without a file of accounts', () => {
  it('says that nobody can tell who gets in, and still what is open to everyone', async () => {
    rmSync(join(root, 'etc/passwd'));
    writeFileSync(join(store, 'letter'), 'x');
    chmodSync(join(store, 'letter'), 0o644);
    const { mail } = await measure();
    expect(unknown(mail)).toEqual(['who gets in: /etc/passwd: the file does not exist']);
    expect(mail?.access.breaches.map(({ kind, account }) => [kind, account])).toEqual([['mode', 'everyone']]);
  });
});

describe('devices', () => {
  it.runIf(isRoot)(`are told and not opened${ONLY_ROOT}`, async () => {
      execFileSync('mknod', [join(store, 'zero'), 'c', '1', '5']);
    execFileSync('mkfifo', [join(store, 'fifo')]);
    const { mail } = await measure();
    expect([items(mail), skipped(mail)]).toEqual([0, { 'not-a-regular-file': 2 }]);
  });
});

describe('without permission', () => {
  /** Measures as an account that has no rights of its own. */
  async function asStranger<T>(work: () => Promise<T>): Promise<T> {
    const groups = process.getgroups?.() ?? [];
    process.setgroups?.([]);
    process.setegid?.(STRANGER);
    process.seteuid?.(STRANGER);
    try {
      return await work();
    } finally {
      process.seteuid?.(0);
      process.setegid?.(0);
      process.setgroups?.(groups);
    }
  }

  it.runIf(isRoot)(`a closed folder and one that may be listed only are told, and the rest is measured${ONLY_ROOT}`, async () => {
      chmodSync(root, 0o755);
    for (const name of ['closed', 'listed', 'open']) {
      mkdirSync(join(store, name));
      writeFileSync(join(store, name, 'letter'), 'x');
    }
    chmodSync(join(store, 'closed'), 0o700);
    chmodSync(join(store, 'listed'), 0o744);
    const { mail } = await asStranger(() => measure());
    expect([items(mail), skipped(mail), unknown(mail)]).toEqual([1, { 'permission-denied': 2 }, ['part of the store: 2 places could not be read (permission-denied)']]);
  });

  it.runIf(isRoot)(`a store behind a closed folder is unknown, not empty${ONLY_ROOT}`, async () => {
      chmodSync(root, 0o755);
    writeFileSync(join(store, 'letter'), 'x');
    chmodSync(join(root, 'var/opt/acme/queue'), 0o700);
    const found = await asStranger(() => measure({ mail: `/${STORE}/**`, all: '/var/opt/acme/**' }));
    for (const item of Object.values(found)) expect(unknown(item)).toEqual(['part of the store: 1 places could not be read (permission-denied)']);
    expect([found['mail']?.present, items(found['mail'])]).toEqual([false, 'none of it could be read (permission-denied)']);
  });
});

describe('a tree without measure', () => {
  it(`of ${DEPTH} folders in each other is bounded, told, and costs no descriptor`, async () => {
    const home = process.cwd();
    process.chdir(store); // Made from within: the whole path is longer than the kernel takes.
    try {
      for (let at = 0; at < DEPTH; at += 1) {
        mkdirSync('d');
        closeSync(openSync('f', 'w'));
        process.chdir('d');
      }
    } finally {
      process.chdir(home);
    }
    await measure();
    const before = openDescriptors();
    const { mail } = await measure();
    expect([items(mail), skipped(mail)]).toEqual([128, { 'too-deep': 1 }]);
    expect(unknown(mail)).toEqual(['part of the store: 1 places could not be read (too-deep)']);
    expect(openDescriptors()).toBe(before);
  }, 60_000);

  it(`of ${ENTRIES} entries in one folder holds the process only for moments`, async () => {
    for (let at = 0; at < ENTRIES; at += 1) closeSync(openSync(join(store, `entry-${at}`), 'w'));
    const delay = monitorEventLoopDelay({ resolution: 5 });
    const memoryBefore = process.memoryUsage().rss;
    delay.enable();
    const { mail } = await measure();
    delay.disable();
    expect(items(mail)).toBe(ENTRIES);
    const [heldMs, grownMiB] = [delay.max / 1e6, (process.memoryUsage().rss - memoryBefore) / 1_048_576];
    if (process.env['MAILWARDEN_TEST_LOG'] !== undefined) console.log(`held ${heldMs.toFixed(0)} ms at most, memory grown by ${grownMiB.toFixed(0)} MiB`);
    expect(heldMs).toBeLessThan(HELD_MS_MAX);
    expect(grownMiB).toBeLessThan(96);
  }, 120_000);
});
