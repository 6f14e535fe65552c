import { ago, DAY, hash, HOUR, id, MINUTE, OLD } from './sample-rotation-parts.js';
import { order, receipt, signed } from './sample-rotation-parts.js';

const proof = { leafIndex: 1804, leafHash: hash('3a'), inclusion: ['c1', 'd2', 'e3', 'f4'].map(hash), checkpoint: { payload: { schema: 'mailwarden/checkpoint/v1', size: 2048, rootHash: hash('9b'), at: ago(100 * MINUTE) }, keyId: '00ffaa1122334455', signature: 'c2lnbmF0dXJl' } };

/** How far the newest order of the sample has come; the stand-in moves it on. */
export type SampleStage = 'ordered' | 'completed' | 'proved';

export const sampleRotations = (stage: SampleStage): unknown[] => {
  const fresh = order(101, 'mx-dublin', 'backup', 'backup-cap', ago(40_000));
  const done = signed(receipt(101, fresh, 'completed', { before: { items: 18_204, bytes: 1_310_000_000 }, planned: 5012, plannedBytes: 512_000_000, deleted: { items: 5009, bytes: 511_200_000 }, skipped: [{ reason: 'open-for-writing', items: 1 }, { reason: 'in-quiet-period', items: 2 }] }));
  const older = order(102, 'mx-dublin', 'trace-log', 'trace-cap', ago(2 * HOUR));
  const stopped = order(103, 'archive-oslo', 'kata-quarantine', 'quarantine-cap', ago(5 * HOUR));
  const doubtful = order(104, 'archive-oslo', 'event-log', 'event-cap', ago(DAY));
  const expired = order(105, 'mx-warsaw', 'backup', 'backup-cap', ago(2 * DAY));
  const view = (orderOf: unknown, state: string, orderedAt: string, rest: Record<string, unknown> = {}): unknown => ({ order: orderOf, state, orderedAt, receipt: null, receiptVerified: null, proof: null, provedBy: null, ...rest });
  return [
    view(fresh, stage, ago(40_000), stage === 'ordered' ? {} : { receipt: done, receiptVerified: true, ...(stage === 'proved' && { proof, provedBy: { observedAt: ago(5_000), items: 13_195, bytes: 798_800_000 } }) }),
    view(older, 'proved', ago(2 * HOUR), { receipt: signed(receipt(102, older, 'completed', { before: { items: 40, bytes: 512_000_000 }, planned: 12, plannedBytes: 140_000_000, deleted: { items: 12, bytes: 140_000_000 }, skipped: [{ reason: 'active-log', items: 1 }] })), receiptVerified: true, proof, provedBy: { observedAt: ago(110 * MINUTE), items: 28, bytes: 372_000_000 } }),
    view(stopped, 'stopped', ago(5 * HOUR), { receipt: signed(receipt(103, stopped, 'stopped', { before: { items: 9020, bytes: 4_000_000_000 }, planned: 4100, plannedBytes: 3_100_000_000, deleted: { items: 0, bytes: 0 }, skipped: [], reason: 'the plan is above the bound of 1000 entries' })), receiptVerified: true, proof }),
    view(doubtful, 'completed', ago(DAY), { receipt: signed(receipt(104, doubtful, 'completed', { before: { items: 1_200_000, bytes: 0 }, planned: 300_000, plannedBytes: 0, deleted: { items: 300_000, bytes: 0 }, skipped: [] })), receiptVerified: false }),
    view(expired, 'expired', ago(2 * DAY)),
    ...Array.from({ length: 4 }, (_, index) => view(order(110 + index, 'mx-berlin', 'antispam-quarantine', 'quarantine-cap', ago((3 + index) * DAY)), 'nothing-to-do', ago((3 + index) * DAY), { receipt: signed(receipt(110 + index, order(110 + index, 'mx-berlin', 'antispam-quarantine', 'quarantine-cap', ago(OLD)), 'nothing-to-do', { before: { items: 10, bytes: 1000 }, planned: 0, plannedBytes: 0, deleted: { items: 0, bytes: 0 }, skipped: [] })), receiptVerified: true })),
  ];
};
export const sampleOrderId = id(101);
