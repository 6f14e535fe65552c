import type { Decision } from '@mailwarden/contracts';
import { momentFrom } from './hold.js';

export const DECISION_DONE = { grant: 'granted', decline: 'declined', withdraw: 'withdrawn' } as const satisfies Record<Decision['action'], string>;

/** A day means all of it for a refusal, as far as it has passed: what was granted on that day is refused as well. Of a grant it means the beginning. Errors: CommandFailure for what is no moment. */
export function decidedMoment(option: string, typed: string, action: Decision['action'], now: string): string {
  const at = momentFrom(option, typed, action === 'grant' ? 'beginning' : 'end');
  return at.startsWith(typed) && at > now ? now : at;
}
