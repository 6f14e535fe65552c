import { epochMsOf, type Instant } from '@mailwarden/kernel';

/** How far one origin has counted since it began. */
export interface LineState {
  readonly head: number;
  /** When the first message of this numbering was made, by the origin's clock. */
  readonly beganAt: Instant;
}

/** A message with its number, as its origin sealed it. */
export interface Numbered {
  readonly sequence: number;
  readonly time: Instant;
}

/**
 * What a number means after those that are known:
 * the next one, one with others missing before it, one that comes late or again, or one of a numbering before the present one.
 */
export type Step = { readonly kind: 'next' } | { readonly kind: 'gap'; readonly first: number; readonly last: number } | { readonly kind: 'late' } | { readonly kind: 'former' };

/** Nobody is known to have spoken yet: the first number is 1. */
const NOTHING: LineState = { head: 0, beganAt: '1970-01-01T00:00:00.000Z' as Instant };

export function nextStep(line: LineState | undefined, { sequence, time }: Numbered): Step {
  const { head, beganAt } = line ?? NOTHING;
  if (epochMsOf(time) < epochMsOf(beganAt)) return { kind: 'former' };
  if (sequence === head + 1) return { kind: 'next' };
  return sequence > head ? { kind: 'gap', first: head + 1, last: sequence - 1 } : { kind: 'late' };
}
