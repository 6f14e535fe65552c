import { receipt as receiptForm, type Receipt } from '@mailwarden/contracts';

/** As many notes and samples as a receipt has room for, and as long. */
const NOTES_MAX = 10;
const SENTENCE_MAX = 500;
const SAMPLES_MAX = 20;

const whole = (value: number): number => (Number.isFinite(value) ? Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, Math.round(value))) : 0);
const amount = ({ items, bytes }: { readonly items: number; readonly bytes: number }): { items: number; bytes: number } => ({ items: whole(items), bytes: whole(bytes) });

/**
 * The account of an order as whoever hears of it can read it. What was deleted is never lost for what is told beside it: where a detail has no place in the form of a receipt, the detail goes.
 * Errors: throws where even the sums have no form; then nothing is known.
 */
export function fittingReceipt(told: Receipt): Receipt {
  if (receiptForm.safeParse(told).success) return told;
  const { facts: _facts, ...rest } = told;
  const plain: Receipt = {
    ...rest,
    reason: told.reason.slice(0, SENTENCE_MAX),
    before: amount(told.before),
    planned: { ...amount(told.planned), oldestAt: null, newestAt: null, digest: told.planned.digest },
    deleted: amount(told.deleted),
    clock: { wallMs: whole(told.clock.wallMs), monotonicMs: whole(told.clock.monotonicMs) },
    samples: (told.samples ?? []).map(({ name, bytes }) => ({ name, bytes: whole(bytes), at: null })).slice(0, SAMPLES_MAX),
    notes: ['details of this account had no place in its form and were left out', ...(told.notes ?? [])].map((note) => note.slice(0, SENTENCE_MAX)).slice(0, NOTES_MAX),
  };
  const fitting = receiptForm.safeParse(plain);
  if (fitting.success) return plain;
  throw new Error(`the account of order ${told.order} has no form: ${fitting.error.issues[0]?.path.join('.') ?? ''} ${fitting.error.issues[0]?.message ?? ''}`);
}
