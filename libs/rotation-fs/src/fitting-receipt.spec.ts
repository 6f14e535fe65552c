import { receipt as receiptForm, type Receipt } from '@mailwarden/contracts';
import { canonicalJson, instantOf, sha256 } from '@mailwarden/kernel';
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
    ...[NaN, -1, Infinity, 1.5].map((items): [string, Partial<Record<keyof Receipt, unknown>>] => [`a last count of ${items}`, { after: { known: true, value: { items, bytes: 1 } } }]),
    ['a number of records left that is none, or for a reason that nobody knows', { skipped: [{ reason: 'held', items: NaN }, { reason: 'by-the-moon', items: 1 }] }],
    ['halves that are no whole numbers', { orphans: { files: 0.5, rows: NaN, bytes: -1 } }],
    ['a reason that ends in half a letter', { reason: `${'x'.repeat(499)}\ud83d` }],
    ['a last count that is not known, for a reason that has half a letter', { after: { known: false, reason: '\ud83d' } }],
  ])('with %s still says what was deleted', (_what, part) => {
    const told = fittingReceipt({ ...RECEIPT, ...part } as Receipt);
    expect(receiptForm.safeParse(told).success).toBe(true);
    expect(() => canonicalJson(told)).not.toThrow();
    expect(told.deleted).toEqual(RECEIPT.deleted);
    expect(told.notes?.[0]).toContain('left out');
  });

  it('says that a last count is not known where it is no count, and what it left out, not which', () => {
    const told = fittingReceipt({ ...RECEIPT, after: { known: true, value: { items: NaN, bytes: 1 } }, skipped: [{ reason: 'held', items: 2 }, { reason: 'open-for-writing', items: -1 }] });
    expect(told).toMatchObject({ after: { known: false }, skipped: [{ reason: 'held', items: 2 }], planned: { items: 1 } });
  });

  it('that is of no order at all is an error, and not told as something else', () => {
    expect(() => fittingReceipt({ ...RECEIPT, order: 'none' })).toThrow(/has no form/);
  });
});
