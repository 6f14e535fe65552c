import type { Hold } from '@mailwarden/contracts';
import type { HeldSpan } from '@mailwarden/product-database';

/** A moment that cannot be read holds without end: a hold is never weaker than it was meant. */
const momentOf = (text: string | null, open: number): number => {
  const ms = text === null ? open : Date.parse(text);
  return Number.isNaN(ms) ? open : ms;
};

/** The times that holds keep, each once, from the earliest on. A hold of single messages keeps every row of its span: rows do not tell which message they are of. */
export function heldSpans(holds: readonly Hold[]): HeldSpan[] {
  const spans = holds.map(({ from, until }) => ({ fromMs: momentOf(from, -Infinity), untilMs: momentOf(until, Infinity) })).filter(({ fromMs, untilMs }) => fromMs <= untilMs);
  const merged: HeldSpan[] = [];
  for (const span of spans.sort((a, b) => a.fromMs - b.fromMs)) {
    const last = merged.at(-1);
    if (last !== undefined && span.fromMs <= last.untilMs) merged[merged.length - 1] = { fromMs: last.fromMs, untilMs: Math.max(last.untilMs, span.untilMs) };
    else merged.push(span);
  }
  return merged;
}
