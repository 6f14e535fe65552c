import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Profile, Store } from '@mailwarden/catalogue';
import type { Receipt } from '@mailwarden/contracts';
import { withHost } from '@mailwarden/inventory-fs';
import { rotateStore, type OrderFacts } from '@mailwarden/rotation-fs';
import { afterEach, beforeEach, expect, it } from 'vitest';

const ATTACK_MS = 6_000;
const SUITE_MS = 60_000;
const BOUNDS = { items: 1e6, bytes: 1e12, percent: 100, deadlineSeconds: 60 };
const STORE = {
  id: 'backup', section: 'Backup', kind: 'files', statedDirectories: null, files: ['/var/opt/product/backup/**'], exclude: ['/var/opt/product/backup/young/**'], active: [], rotateActive: null, units: [], messages: false, rows: null, lineRecords: false, dataCategories: null,
  duration: { kind: 'not-stated' }, limits: [], configuredLimits: [], protection: { accounts: null, groups: [], source: null }, clock: 'modified', rotatable: true, quietPeriodSeconds: 10, notes: [],
} as unknown as Store;

let root: string;
let store: string;
let outside: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mailwarden-race-'));
  store = join(root, 'var/opt/product/backup');
  outside = join(root, 'outside');
  for (const folder of [store, outside]) mkdirSync(folder, { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function rotate(order: string): Promise<Receipt> {
  const facts = { id: order, server: 'mx-1', profile: 'product', store: 'backup', bounds: BOUNDS, policy: { name: 'cap' } } as unknown as OrderFacts;
  return withHost(root, { databases: {} }, (host) =>
    rotateStore({ host, profile: { id: 'product', stores: [STORE] } as unknown as Profile, store: STORE, watermarks: [{ kind: 'age', limit: 1000, target: 500 }], clock: 'modified', keep: { newest: 0, youngerThanSeconds: 0 }, bounds: BOUNDS, holds: [], exclude: [], overwrite: false, orphans: 'keep', pace: { itemsPerSecond: null, bytesPerSecond: null }, marked: null, stop: null, issuedAtMs: Date.now(), hashKey: Buffer.from('key'), now: Date.now, journalDir: join(root, 'journal') }, facts),
  );
}

/** What each file of a folder says. */
const textsOf = (folder: string): string[] => readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));

it('deletes nothing outside and nothing unplanned, while folders and names are swapped under it', { timeout: SUITE_MS }, async () => {
  const attacker = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', fileURLToPath(new URL('rotation-attacker.ts', import.meta.url)), store, outside], { stdio: ['ignore', 'pipe', 'inherit'], env: {} });
  const ended = new Promise<void>((resolve) => attacker.once('close', () => resolve()));
  let told = '';
  const begun = new Promise<void>((resolve) => attacker.stdout.setEncoding('utf8').on('data', (text: string) => {
    told += text;
    resolve();
  }));
  let deleted = 0;
  let orders = 0;
  const skipped = new Map<string, number>();
  try {
    await begun;
    for (const until = Date.now() + ATTACK_MS; Date.now() < until; orders += 1) {
      const receipt = await rotate(randomUUID());
      deleted += receipt.deleted.items;
      for (const { reason, items } of receipt.skipped) skipped.set(reason, (skipped.get(reason) ?? 0) + items);
    }
  } finally {
    attacker.kill('SIGTERM');
    await ended;
  }
  const did = JSON.parse(told.split('\n').at(-2) ?? '') as { swaps: number; young: number; outside: number };
  process.stdout.write(`${orders} rotations deleted ${deleted} old files during ${did.swaps} swaps; left: ${JSON.stringify(Object.fromEntries(skipped))}\n`);
  expect(textsOf(outside)).toEqual(Array.from({ length: did.outside }, () => 'precious'));
  expect(textsOf(join(store, 'leaves')).filter((text) => text === 'young')).toHaveLength(did.young);
  expect(readdirSync(store).filter((name) => name.startsWith('.mailwarden-') || name.startsWith('returned-'))).toEqual([]);
  expect(did.swaps).toBeGreaterThan(50);
  expect(orders).toBeGreaterThan(2);
  expect(deleted).toBeGreaterThan(50);
  // The race was on: some planned files had changed or vanished when the executor came to them.
  expect((skipped.get('changed-since-plan') ?? 0) + (skipped.get('vanished') ?? 0)).toBeGreaterThan(0);
});
