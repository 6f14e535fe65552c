import { ago, DAY, hash, HOUR, id, known, MINUTE } from './sample-time.js';

export { ago, DAY, hash, HOUR, id, MINUTE };
export const OLD = 9 * DAY;

interface Amount {
  readonly items: number;
  readonly bytes: number;
}

export const order = (number: number, server: string, store: string, policy: string, issuedAt: string): Record<string, unknown> => ({
  schema: 'mailwarden/rotation-order/v1', id: id(number), server, profile: 'kaspersky-klms-8', store, policy: { name: policy, version: hash('7e') },
  watermarks: store === 'event-log' ? [{ kind: 'records', limit: 1_000_000, target: 900_000 }] : [{ kind: 'bytes', limit: 1_000_000_000, target: 800_000_000 }],
  clock: 'modified', keep: { newest: 100, youngerThanSeconds: 3600 }, bounds: { items: 10_000, bytes: 2_000_000_000, percent: 30, deadlineSeconds: 600 },
  holds: number === 101 ? [{ id: 'case-17', store: null, from: ago(90 * DAY), until: null, reason: 'Correspondence of a claim that is not settled' }] : [], issuedAt, expiresAt: ago(-HOUR),
});

interface Did {
  readonly before: Amount;
  readonly planned: number;
  readonly plannedBytes: number;
  readonly deleted: Amount;
  readonly skipped: readonly { reason: string; items: number }[];
  readonly reason?: string;
}

export const receipt = (number: number, of: Record<string, unknown>, outcome: string, { before, planned, plannedBytes, deleted, skipped, reason = '' }: Did): unknown => ({
  schema: 'mailwarden/receipt/v1', order: id(number), server: of['server'], profile: of['profile'], store: of['store'], policy: 'backup-cap', outcome, reason, before,
  planned: { items: planned, bytes: plannedBytes, oldestAt: planned === 0 ? null : ago(700 * DAY), newestAt: planned === 0 ? null : ago(260 * DAY), digest: hash('5d') }, deleted, skipped,
  after: known({ items: before.items - deleted.items, bytes: before.bytes - deleted.bytes }), resumed: number === 102, bounds: of['bounds'], startedAt: ago(30_000), finishedAt: ago(28_560), clock: { wallMs: 1440, monotonicMs: 1438.5 },
});
export const signed = (payload: unknown): unknown => ({ payload, keyId: 'a1b2c3d4e5f60718', signature: 'TWFpbHdhcmRlbiBzYW1wbGUgc2lnbmF0dXJl' });
