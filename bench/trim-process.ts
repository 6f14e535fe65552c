import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseProfile } from '@mailwarden/catalogue';
import { fullOrder, type RotationOrder } from '@mailwarden/contracts';
import { withHost } from '@mailwarden/inventory-fs';
import { instantOf } from '@mailwarden/kernel';
import { rotateStore } from '@mailwarden/rotation-fs';

/** Carries out one order on the log of the bench, as the executor does once it has started, and prints how long that took. Units: milliseconds. */
const [root = '', profileFile = '', kept = '', gone = ''] = process.argv.slice(2);
const profile = parseProfile(readFileSync(profileFile, 'utf8'));
const [store] = profile.ok ? profile.value.stores : [];
if (!profile.ok || store === undefined) throw new Error('the profile of the bench cannot be read');
const now = Date.now();
const order = {
  schema: 'mailwarden/rotation-order/v1', id: randomUUID(), server: 'bench-1', profile: 'bench', store: 'log', policy: { name: 'bench-newest', version: '0'.repeat(64) }, watermarks: [{ kind: 'records', limit: Number(kept), target: Number(kept) }], clock: 'recorded',
  keep: { newest: 0, youngerThanSeconds: 0 }, bounds: { items: 1e9, bytes: 1e12, percent: 100, deadlineSeconds: 3600 }, holds: [], issuedAt: instantOf(now), expiresAt: instantOf(now + 600_000),
} as unknown as RotationOrder;
const startedAt = process.hrtime.bigint();
const receipt = await withHost(root, { databases: {}, kernel: 'this' }, (host) => rotateStore({ ...fullOrder(order), host, profile: profile.value, store, marked: null, issuedAtMs: now, hashKey: Buffer.from('key'), now: Date.now, stop: null, journalDir: join(root, 'journal') }, order));
process.stdout.write(String(Number(process.hrtime.bigint() - startedAt) / 1e6));
if (receipt.outcome !== 'completed' || receipt.deleted.items !== Number(gone)) throw new Error(`the engine ${receipt.outcome}: ${receipt.reason}`);
