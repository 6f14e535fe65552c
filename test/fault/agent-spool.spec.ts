import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { closeSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signerFromPem } from '@mailwarden/kernel';
import { openSpool, SpoolFull, type Spool } from '@mailwarden/messaging';
import { afterEach, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { AwaitedAccounts } from '../../apps/collector-agent/src/carry-out-orders/awaited-accounts.js';
import { LastKnown } from '../../apps/collector-agent/src/keep-last-known/last-known.js';
import { isRoot, ONLY_ROOT } from '../integration/only-root.js';

const SPOOL_BYTES_MAX = 64_000_000;
const TINY_BYTES = 1_048_576;
const DISK_BYTES = 64 * 1_048_576;
/** What one measurement of a server with some stores takes. Units: bytes. */
const MEASUREMENT_BYTES = 30_000;
const EVIDENCE_BYTES = 2_000;
/** What an agent may keep on a disk that is low. Units: bytes. */
const LOW_DISK_BYTES_MAX = 2 * 1_048_576;

interface Told {
  readonly sequence: number;
  readonly kind: string;
}

let dir: string;
let disk: string;
const signer = signerFromPem(generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }) as string);
const opened = (bytesMax = SPOOL_BYTES_MAX): Promise<Spool> => openSpool({ dir: join(disk, 'outbox'), bytesMax, signer, source: 'mailwarden/agent/mx-1' });
const onDisk = (): string[] => readdirSync(join(disk, 'outbox'));
const free = (): number => statfsSync(disk).bavail * statfsSync(disk).bsize;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mailwarden-spool-'));
  disk = join(dir, 'disk');
  mkdirSync(disk);
});
afterEach(() => {
  spawnSync('umount', ['-l', disk]);
  rmSync(dir, { recursive: true });
});

function mount(context: TestContext, ...args: string[]): void {
  if (spawnSync('mount', [...args, disk]).status !== 0) context.skip('this place lets nobody mount');
}

/** A real file system of its own, in a file. */
function mountImage(context: TestContext): void {
  const image = join(dir, 'image');
  const fd = openSync(image, 'w');
  ftruncateSync(fd, DISK_BYTES);
  closeSync(fd);
  if (spawnSync('/sbin/mkfs.ext4', ['-q', '-F', '-m', '0', image]).status !== 0) context.skip('there is no mkfs.ext4 here');
  mount(context, '-o', 'loop', image);
}

/** Mail that arrives until so many bytes are left: other programs' data, which nobody may push aside. */
function mailUntil(bytesLeft: number): void {
  const mail = join(disk, 'mail');
  const count = Math.floor((free() - bytesLeft) / 1_024);
  if (count > 0) spawnSync('dd', ['if=/dev/zero', `of=${mail}`, 'bs=1024', `count=${count}`, 'oflag=append', 'conv=notrunc']);
}

const say = (spool: Spool, kind: 'evidence' | 'measurement'): Promise<void> =>
  spool.append({ class: kind, subject: 'mw.observation.mx-1', type: 'mailwarden.store.observed.v1', data: { kind, padding: 'x'.repeat(kind === 'evidence' ? EVIDENCE_BYTES : MEASUREMENT_BYTES) } });

/** Says so many, and returns how many were taken. */
async function sayMany(spool: Spool, kind: 'evidence' | 'measurement', times: number): Promise<number> {
  let taken = 0;
  for (let at = 0; at < times; at += 1) {
    await say(spool, kind).then(
      () => (taken += 1),
      (cause: unknown) => expect(cause).toBeInstanceOf(SpoolFull),
    );
  }
  return taken;
}

async function drained(spool: Spool): Promise<Told[]> {
  const told: Told[] = [];
  await spool.drain(({ bytes }) => {
    const { sequence, data } = JSON.parse(Buffer.from(bytes).toString('utf8')) as { sequence: number; data: { kind: string } };
    told.push({ sequence, kind: data.kind });
    return Promise.resolve();
  });
  return told;
}

/** No number twice, in order; and each that is missing was counted as lost. */
function expectAccounted(told: readonly Told[], said: number, lost: number): void {
  const sequences = told.map(({ sequence }) => sequence);
  expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => a - b));
  expect(told.length + lost).toBe(said);
  expect((sequences.at(-1) ?? 0) - told.length).toBeLessThanOrEqual(lost);
}

describe(`the spool on a disk that is full${ONLY_ROOT}`, () => {
  it.runIf(isRoot)('gives up measurements, oldest first, and no evidence, and accounts for each', async (context) => {
    mount(context, '-t', 'tmpfs', '-o', `size=${TINY_BYTES}`, 'none');
    const spool = await opened();
    let evidence = 0;
    for (let round = 0; round < 20; round += 1) {
      expect(await sayMany(spool, 'measurement', 5)).toBe(5);
      evidence += await sayMany(spool, 'evidence', 1);
    }
    const { lost } = spool.status();
    expect([evidence, lost > 0]).toEqual([20, true]);
    const told = await drained(spool);
    expectAccounted(told, 120, lost);
    expect(told.filter(({ kind }) => kind === 'evidence')).toHaveLength(20);
    expect(told.filter(({ kind }) => kind === 'measurement').map(({ sequence }) => sequence)).toEqual(told.filter(({ kind }) => kind === 'measurement').map(({ sequence }) => sequence).filter((sequence) => sequence > lost));
    expect(onDisk()).toEqual(['counters.json']);
  });

  it.runIf(isRoot)('with evidence alone refuses more, leaves nothing half written, and goes on without a gap when there is room', async (context) => {
    mount(context, '-t', 'tmpfs', '-o', `size=${TINY_BYTES}`, 'none');
    const spool = await opened();
    const taken = await sayMany(spool, 'evidence', 1_000);
    expect(taken).toBeLessThan(1_000);
    await expect(say(spool, 'measurement')).rejects.toThrow('the disk is full');
    expect(onDisk().filter((name) => name.endsWith('.part'))).toEqual([]);
    expect(spool.status()).toMatchObject({ messages: taken, lost: 1 });
    const told = await drained(spool);
    await say(spool, 'evidence');
    told.push(...(await drained(spool)));
    expect(told.map(({ sequence }) => sequence)).toEqual(Array.from({ length: taken + 1 }, (_, at) => at + 1));
  });

  it.runIf(isRoot)('filled by mail to the last byte: the agent takes none of it, lives, and tells what it lost over a restart', async (context) => {
    mountImage(context);
    const spool = await opened();
    await sayMany(spool, 'measurement', 30);
    await sayMany(spool, 'evidence', 3);
    mailUntil(-TINY_BYTES);
    expect(free()).toBeLessThan(MEASUREMENT_BYTES);
    const before = spool.status();
    const taken = await sayMany(spool, 'measurement', 40);
    const { lost, messages } = spool.status();
    expect(messages).toBeLessThanOrEqual(before.messages);
    expect(taken + lost).toBeGreaterThanOrEqual(40);
    const again = await opened();
    expect(again.status().lost).toBe(lost);
    const told = await drained(again);
    expectAccounted(told, 73, lost);
    expect(told.filter(({ kind }) => kind === 'evidence')).toHaveLength(3);
  });
});

describe(`the spool on a disk that is low${ONLY_ROOT}`, () => {
  it.runIf(isRoot)('keeps little of its own, gives room back to the mail, and takes up again when the disk is not low any more', async (context) => {
    mountImage(context);
    const spool = await opened();
    await sayMany(spool, 'measurement', 200);
    expect(spool.status()).toMatchObject({ messages: 200, lost: 0 });
    mailUntil(2 * 1_048_576);
    const freeBefore = free();
    await sayMany(spool, 'evidence', 1);
    expect(spool.status().lost).toBe(0);
    await sayMany(spool, 'measurement', 1);
    expect(spool.status().bytes).toBeLessThanOrEqual(LOW_DISK_BYTES_MAX);
    expect(free()).toBeGreaterThan(freeBefore + 2 * 1_048_576);
    rmSync(join(disk, 'mail'));
    const { messages, lost } = spool.status();
    await sayMany(spool, 'measurement', 100);
    expect(spool.status()).toMatchObject({ messages: messages + 100, lost });
    const told = await drained(spool);
    expectAccounted(told, 302, lost);
  });
});

describe('a spool that is sent while it makes room', () => {
  it('tells nothing that it also counts as lost', async () => {
    const spool = await opened(10 * MEASUREMENT_BYTES);
    await sayMany(spool, 'measurement', 8);
    const told: number[] = [];
    const draining = spool.drain(async ({ bytes }) => {
      const { sequence } = JSON.parse(Buffer.from(bytes).toString('utf8')) as { sequence: number };
      if (told.length === 0) await sayMany(spool, 'measurement', 12);
      told.push(sequence);
    });
    await draining;
    expect(told.length + spool.status().lost).toBe(20);
    expect(new Set(told).size).toBe(told.length);
  });
});

describe(`an order that would make room on a full disk${ONLY_ROOT}`, () => {
  it.runIf(isRoot)('is noted all the same, and may begin', async (context) => {
    mountImage(context);
    const accountsOnDisk = async (): Promise<AwaitedAccounts> => AwaitedAccounts.open(await LastKnown.open(disk), { warn: () => undefined, error: (facts: object) => expect(facts).toBeNull() } as never);
    const accounts = await accountsOnDisk();
    mailUntil(-TINY_BYTES);
    expect(free()).toBe(0);
    const order = { id: '0198f000-0000-7000-8000-000000000001', profile: 'gate', store: 'backup', deadlineSeconds: 60 } as never;
    const noted = await accounts.take(order, async () => {
      expect((await accountsOnDisk()).all()).toEqual([order]);
      return true;
    });
    expect(noted).toBe(true);
    expect((await accountsOnDisk()).all()).toEqual([]);
  });
});
