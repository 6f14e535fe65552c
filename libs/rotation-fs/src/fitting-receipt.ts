import { receipt as receiptForm, type Receipt } from '@mailwarden/contracts';
import { canonicalJson, unknown } from '@mailwarden/kernel';

/** As many notes and samples as a receipt has room for, and as long. */
const NOTES_MAX = 10;
const SENTENCE_MAX = 500;
const SAMPLES_MAX = 20;
const SKIPPED_MAX = 32;
const { after: afterForm, skipped: skippedForm } = receiptForm.shape;

const whole = (value: number): number => (Number.isFinite(value) ? Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, Math.round(value))) : 0);
const amount = ({ items, bytes }: { readonly items: number; readonly bytes: number }): { items: number; bytes: number } => ({ items: whole(items), bytes: whole(bytes) });
/** No longer than there is room for, and without half a letter, as a cut or a database's own word may leave it. */
const told = (text: string): string => text.slice(0, SENTENCE_MAX).toWellFormed();

/** What was counted last comes from the product's own server, which may say anything. */
function afterOf(after: Receipt['after']): Receipt['after'] {
  if (!afterForm.safeParse(after).success) return unknown('what was counted afterwards is no count');
  return after.known ? { known: true, value: after.value, ...(after.source === undefined ? {} : { source: after.source.toWellFormed() }) } : unknown(told(after.reason));
}

/** Whether whoever hears of it can read it, and it can be signed. */
function fits(receipt: Receipt): boolean {
  try {
    canonicalJson(receipt);
    return receiptForm.safeParse(receipt).success;
  } catch {
    return false;
  }
}

/**
 * The account of an order as whoever hears of it can read it. What was deleted is never lost for what is told beside it: where a detail has no place in the form of a receipt, the detail goes.
 * Errors: throws where even the sums have no form; then nothing is known.
 */
export function fittingReceipt(receipt: Receipt): Receipt {
  if (fits(receipt)) return receipt;
  const { facts: _facts, orphans, ...rest } = receipt;
  const plain: Receipt = {
    ...rest,
    reason: told(receipt.reason),
    before: amount(receipt.before),
    planned: { ...amount(receipt.planned), oldestAt: null, newestAt: null, digest: receipt.planned.digest },
    deleted: amount(receipt.deleted),
    skipped: receipt.skipped.filter((skip) => skippedForm.element.safeParse(skip).success).slice(0, SKIPPED_MAX),
    after: afterOf(receipt.after),
    clock: { wallMs: whole(receipt.clock.wallMs), monotonicMs: whole(receipt.clock.monotonicMs) },
    samples: (receipt.samples ?? []).map(({ name, bytes }) => ({ name, bytes: whole(bytes), at: null })).slice(0, SAMPLES_MAX),
    ...(orphans === undefined ? {} : { orphans: { files: whole(orphans.files), rows: whole(orphans.rows), ...(orphans.bytes === undefined ? {} : { bytes: whole(orphans.bytes) }) } }),
    notes: ['details of this account had no place in its form and were left out', ...(receipt.notes ?? [])].map(told).slice(0, NOTES_MAX),
  };
  if (fits(plain)) return plain;
  const problem = receiptForm.safeParse(plain).error?.issues[0];
  throw new Error(`the account of order ${receipt.order} has no form: ${problem?.path.join('.') ?? ''} ${problem?.message ?? ''}`);
}
