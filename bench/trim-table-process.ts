import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { HostSettings, Profile, Relation, Store } from '@mailwarden/catalogue';
import { fullOrder, type RotationOrder } from '@mailwarden/contracts';
import { withHost } from '@mailwarden/inventory-fs';
import { instantOf } from '@mailwarden/kernel';
import { rotateStore } from '@mailwarden/rotation-fs';

/** What the process is to do, as one argument. */
export interface TableOrder {
  readonly root: string;
  readonly settings: HostSettings;
  readonly rows: Relation;
  readonly kept: number;
  readonly gone: number;
}

/** Carries out one order on the table of the bench, as the executor does once it has started, and prints how long that took. Units: milliseconds. */
const { root, settings, rows, kept, gone } = JSON.parse(process.argv[2] ?? '') as TableOrder;
const store = { id: 'events', section: 'Events', kind: 'table', statedDirectories: null, files: [], exclude: [], active: [], rotateActive: null, units: [], messages: false, rows, lists: null, lineRecords: false, dataCategories: null, duration: { kind: 'not-stated' }, limits: [], configuredLimits: [], protection: { accounts: null, groups: [], source: null }, clock: 'recorded', rotatable: true, quietPeriodSeconds: 10, notes: [] } as unknown as Store;
const now = Date.now();
const order = {
  schema: 'mailwarden/rotation-order/v1', id: randomUUID(), server: 'bench-1', profile: 'bench', store: 'events', policy: { name: 'bench-newest', version: '0'.repeat(64) }, watermarks: [{ kind: 'records', limit: kept, target: kept }], clock: 'recorded',
  keep: { newest: 0, youngerThanSeconds: 0 }, bounds: { items: 1e9, bytes: 1e12, percent: 100, deadlineSeconds: 3600 }, holds: [], issuedAt: instantOf(now), expiresAt: instantOf(now + 600_000),
} as unknown as RotationOrder;
const startedAt = process.hrtime.bigint();
const receipt = await withHost(root, settings, (host) => rotateStore({ ...fullOrder(order), host, profile: { id: 'bench', accounts: { service: 'bench', others: [], groups: [] }, stores: [store] } as unknown as Profile, store, marked: null, issuedAtMs: now, hashKey: Buffer.from('key'), now: Date.now, stop: null, journalDir: join(root, 'journal') }, order));
process.stdout.write(String(Number(process.hrtime.bigint() - startedAt) / 1e6));
if (receipt.outcome !== 'completed' || Math.abs(receipt.deleted.items - gone) > gone / 10) throw new Error(`the engine ${receipt.outcome}: ${receipt.reason}`);
