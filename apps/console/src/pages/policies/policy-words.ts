import type { AppliedPolicies, ExactPlans, PolicyPlan } from '@mailwarden/contracts';
import { formatByteCount, formatDuration } from '@mailwarden/kernel';
import { countOf } from '../../format/quantity.js';

type Totals = PolicyPlan['totals'][number];
type Change = AppliedPolicies['changes'][number];

/** `5 012 entries, 312 MB`. */
export const amountWords = ({ items, bytes }: { readonly items: number; readonly bytes: number }): string => `${countOf(items, 'entry', 'entries')}, ${formatByteCount(bytes)}`;

/** How old the oldest of it is. */
export const ageWords = (at: string | null, nowMs: number): string => (at === null ? 'of unknown age' : `${formatDuration(Math.max(0, (nowMs - Date.parse(at)) / 1000))} old`);

/** Nothing goes, for one of two reasons that must not look alike: nothing is over a limit, or something is and stays. */
function nothingWords(states: Totals['states']): string {
  const [bounded, held] = [states['over-bounds'] ?? 0, states.held ?? 0];
  const staying = [...(bounded > 0 ? [`${countOf(bounded, 'store')} over a limit ${bounded === 1 ? 'is' : 'are'} stopped by the bounds of the policy`] : []), ...(held > 0 ? [`${countOf(held, 'store')} ${held === 1 ? 'is' : 'are'} held`] : [])];
  return staying.length === 0 ? 'Nothing would go.' : `Nothing would go: ${staying.join(', ')}.`;
}

/** What a policy does about what is over its limits, in one sentence. A policy that only watches never reads as one that deletes. */
export function totalsWords({ mode, wouldDelete, oldestAt, states }: Totals, nowMs: number): string {
  if (wouldDelete.items === 0) return nothingWords(states);
  const verb = mode === 'observe' ? 'would go if the policy were enforced' : mode === 'ask' ? 'would go once people have approved' : 'would go';
  return `${amountWords(wouldDelete)} ${verb}: from ${countOf(wouldDelete.stores, 'store')} on ${countOf(wouldDelete.servers, 'server')}, the oldest ${ageWords(oldestAt, nowMs)}.`;
}

/** What comes of applying one change. */
export function consequenceOf({ policy, kind, change }: Change, totals: Totals | undefined, nowMs: number): string {
  if (change === 'same') return `${policy} stands as it is.`;
  if (change === 'removed') return kind === 'hold' ? `${policy} no longer holds anything: what it held may go again where a policy says so.` : `${policy} is withdrawn: it gives no further orders.`;
  if (kind === 'hold') return `${policy} holds at once, also against orders that are under way.`;
  if (totals === undefined) return `${policy} stands for the servers that it selects.`;
  switch (totals.mode) {
    case 'enforce':
      return totals.wouldDelete.items === 0 ? `${policy} may delete from now on. By what was last measured: ${totalsWords(totals, nowMs)}` : `${policy} deletes from now on: ${totalsWords(totals, nowMs)}`;
    case 'ask':
      return `${policy} asks for approval before anything is deleted. ${totalsWords(totals, nowMs)}`;
    case 'observe':
      return `${policy} deletes nothing: what is over its limits is a finding. ${totalsWords(totals, nowMs)}`;
  }
}

/** What the button says: the act, and how much it lets go. */
export function applyButton(changes: readonly Change[], totals: readonly Totals[]): string {
  const [only] = changes;
  const name = changes.length === 1 && only !== undefined ? only.policy : countOf(changes.length, 'policy', 'policies');
  const going = totals.filter(({ mode }) => mode === 'enforce').reduce((sum, { wouldDelete }) => ({ items: sum.items + wouldDelete.items, bytes: sum.bytes + wouldDelete.bytes }), { items: 0, bytes: 0 });
  return going.items === 0 ? `Apply ${name}` : `Apply ${name}, and delete about ${amountWords(going)}`;
}

/** How many hosts have answered, and what it comes to. */
export function answeredWords({ orders }: ExactPlans): string {
  if (orders.length === 0) return 'No host is over a limit by what was last measured, so none was asked.';
  const receipts = orders.flatMap(({ receipt }) => (receipt === null ? [] : [receipt]));
  const sum = receipts.reduce((total, { planned }) => ({ items: total.items + planned.items, bytes: total.bytes + planned.bytes }), { items: 0, bytes: 0 });
  const so = `${receipts.length} of ${countOf(orders.length, 'store')} answered`;
  return receipts.length === 0 ? `${so}.` : `${so}: ${sum.items === 0 ? 'nothing would go' : `exactly ${amountWords(sum)} would go`}. Nothing was deleted.`;
}
