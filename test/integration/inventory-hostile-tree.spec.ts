import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import type { StoreObservation } from '@mailwarden/contracts';
import { afterEach, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { byStore, items, observed, skipped, STORE, unknown, type Stores } from './hostile-host.js';
import { isRoot, ONLY_ROOT } from './only-root.js';

/** A fifth of a million, so that the suite stays quick; `bin/bench inventory` walks a million. */
const ENTRIES = 200_000;
const SPARSE_BYTES = 2 ** 40;
/** Files that stay as they are while others come and go beside them. */
const STEADY = 2_000;
const RESTLESS = fileURLToPath(new URL('restless-tree.ts', import.meta.url));
const RESTLESS_ENTRIES_MAX = 100;
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
  for (const at of mounted.toReversed()) execFileSync('umount', ['-R', at]);
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

  it.each(['configuration', 'records'] as const)('pipes, sockets and links in a store whose contents are read (%s) keep nobody waiting, and no link is followed', async (kind) => {
    writeFileSync(join(store, 'own'), 'a\nb\n');
    writeFileSync(join(root, 'outside'), 'x\n'.repeat(100));
    execFileSync('mkfifo', [join(store, 'fifo')]);
    symlinkSync(join(root, 'outside'), join(store, 'link'));
    symlinkSync('.', join(store, 'loop'));
    const socket = createServer();
    await new Promise<void>((resolve) => socket.listen(join(store, 'socket'), resolve));
    try {
      const { mail } = await measure({ mail: { glob: `/${STORE}/**`, kind, ...(kind === 'records' ? { more: ', line-records: true' } : {}) } });
      expect([items(mail), skipped(mail)]).toEqual([1, { 'not-a-regular-file': 4 }]);
      if (kind === 'records') expect(mail?.records).toMatchObject({ value: 2 });
    } finally {
      await new Promise((resolve) => socket.close(resolve));
    }
  });
});

describe('names', () => {
  it('of any bytes are counted, each once', async () => {
    const names = ['-rf', '--', '\n', 'a\nb', '\x1b]0;title\x07\x1b[31m', ' ', '.hidden', '..x', '$(id)', '%s%n', 'x'.repeat(255), '\x80', '\xff', '\xc3\x28', 'a\xffb', 'a\xfeb', '\ufffd'].map((name) => Buffer.from(name, 'latin1'));
    const folder = Buffer.concat([Buffer.from(`${store}/`), Buffer.from([0xfe, 0xff])]);
    mkdirSync(folder);
    for (const name of names) for (const at of [Buffer.from(store), folder]) writeFileSync(Buffer.concat([at, Buffer.from('/'), name]), 'x');
    const { mail } = await measure();
    expect([items(mail), mail?.bytesApparent, skipped(mail), unknown(mail)]).toEqual([2 * names.length, expect.objectContaining({ value: 2 * names.length }), {}, []]);
  });
});

describe('sizes', () => {
  it('of a sparse terabyte are apparent, and take no room and no time, also where contents are read', async () => {
    writeFileSync(join(store, 'sparse'), 'x');
    truncateSync(join(store, 'sparse'), SPARSE_BYTES);
    const { mail } = await measure();
    expect([mail?.bytesApparent, mail?.bytesAllocated]).toEqual([expect.objectContaining({ value: SPARSE_BYTES }), expect.objectContaining({ value: expect.any(Number) })]);
    expect(mail?.bytesAllocated.known === true ? mail.bytesAllocated.value : SPARSE_BYTES).toBeLessThan(1_048_576);
    for (const told of [{ kind: 'configuration' }, { kind: 'records', more: ', line-records: true' }]) {
      const { mail: read } = await measure({ mail: { glob: `/${STORE}/**`, ...told } });
      expect(unknown(read)).toEqual(['part of the store: 1 places could not be read (content-not-readable)']);
      expect((told.kind === 'configuration' ? read?.contentDigest : read?.records)?.known).toBe(false);
    }
  });
});

describe('a loop of mounts', () => {
  it.runIf(isRoot)(`is entered by nobody, at whatever depth${ONLY_ROOT}`, async (context) => {
    mkdirSync(join(store, 'a/b'), { recursive: true });
    writeFileSync(join(store, 'a/letter'), 'x');
    mount(context, ['--bind', store], join(store, 'a/b/again'));
    mount(context, ['--rbind', store], join(store, 'a/further'));
    const { mail } = await measure();
    expect([items(mail), skipped(mail)]).toEqual([1, { 'other-file-system': 2 }]);
  });
});

describe('a tree that changes under the walk', () => {
  it('is measured for what stays, whatever comes, goes, grows or turns into something else', async () => {
    for (let at = 0; at < STEADY; at += 1) {
      if (at % 100 === 0) mkdirSync(join(store, `steady-${at / 100}`));
      writeFileSync(join(store, `steady-${Math.floor(at / 100)}`, String(at)), 'x');
    }
    mkdirSync(join(store, 'restless'));
    const restless = spawn(process.execPath, [RESTLESS, join(store, 'restless')], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(restless.stdout, 'data');
      for (let times = 0; times < 5; times += 1) {
        const { mail } = await measure();
        const counted = Number(items(mail));
        expect(counted).toBeGreaterThanOrEqual(STEADY);
        expect(counted).toBeLessThanOrEqual(STEADY + RESTLESS_ENTRIES_MAX);
        expect(Object.keys(skipped(mail)).filter((reason) => !['vanished', 'not-a-regular-file', 'hard-linked-again'].includes(reason))).toEqual([]);
      }
      expect(restless.exitCode).toBeNull();
    } finally {
      restless.kill('SIGKILL');
      await once(restless, 'exit');
    }
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
