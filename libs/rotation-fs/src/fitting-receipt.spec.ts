import { receipt as receiptForm, type Receipt } from '@mailwarden/contracts';
import { instantOf, sha256 } from '@mailwarden/kernel';
import { describe, expect, it } from 'vitest';
import { fittingReceipt } from './fitting-receipt.js';

const AT = instantOf(0);
const RECEIPT = {
  schema: 'mailwarden/receipt/v1', order: '4be0643f-1d98-473b-97cd-ca98a65347dd', server: 'mx-1', profile: 'product', store: 'backup', policy: 'cap', outcome: 'completed', reason: '',
  before: { items: 2, bytes: 8_192 }, planned: { items: 1, bytes: 4_096, oldestAt: AT, newestAt: AT, digest: sha256('list') }, deleted: { items: 1, bytes: 4_096 }, skipped: [], after: { known: true, value: { items: 1, bytes: 4_096 } },
  resumed: false, bounds: { items: 10, bytes: 10_000, percent: 100, deadlineSeconds: 60 }, startedAt: AT, finishedAt: AT, clock: { wallMs: 1, monotonicMs: 1 }, authority: { kind: 'order' }, purpose: 'rotate', samples: [], notes: [],
} as unknown as Receipt;

describe('an account', () => {
  it('that fits is not touched', () => expect(fittingReceipt(RECEIPT)).toBe(RECEIPT));

  it.each<[string, Partial<Record<keyof Receipt, unknown>>]>([
    ['a moment before all calendars', { planned: { ...RECEIPT.planned, oldestAt: '-000249-01-01T00:00:00.000Z' } }],
    ['more notes than there is room for', { notes: Array.from({ length: 40 }, (_, index) => `note ${index}`) }],
    ['a note without end', { notes: ['x'.repeat(9_000)] }],
    ['a reason without end', { reason: 'x'.repeat(9_000) }],
    ['facts of a form that nobody knows', { facts: { kernel: 7 } }],
    ['sums that are no whole numbers', { before: { items: 2.5, bytes: NaN } }],
  ])('with %s still says what was deleted', (_what, part) => {
    const told = fittingReceipt({ ...RECEIPT, ...part } as Receipt);
    expect(receiptForm.safeParse(told).success).toBe(true);
    expect(told.deleted).toEqual(RECEIPT.deleted);
    expect(told.notes?.[0]).toContain('left out');
  });

  it('that is of no order at all is an error, and not told as something else', () => {
    expect(() => fittingReceipt({ ...RECEIPT, order: 'none' })).toThrow(/has no form/);
  });
});
