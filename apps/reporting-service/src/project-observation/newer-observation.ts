import { epochMsOf, type Instant } from '@mailwarden/kernel';

/**
 * Whether an observation is later than the latest that is kept.
 * The origin's own numbering decides, since clocks run backwards; a smaller number with a later clock is an agent whose numbering began anew.
 */
export function isNewer(candidate: { readonly sequence: number; readonly startedAt: Instant }, latest: { readonly sequence: number; readonly startedAt: Date }): boolean {
  if (candidate.sequence === latest.sequence) return epochMsOf(candidate.startedAt) > latest.startedAt.getTime();
  return candidate.sequence > latest.sequence || epochMsOf(candidate.startedAt) > latest.startedAt.getTime();
}
