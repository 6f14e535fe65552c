import type { ApprovalRequest, RolloutProgress, RotationDecision } from '@mailwarden/contracts';
import { formatByteCount } from '@mailwarden/kernel';
import { countOf } from '../../format/quantity.js';

const amount = ({ items, bytes }: { readonly items: number; readonly bytes: number }): string => `${countOf(items, 'entry', 'entries')}, ${formatByteCount(bytes)}`;

/** How many people have said yes, and who: `1 of 2, by anna`. */
export function approvalWords({ approvals, approvedBy }: Pick<ApprovalRequest, 'approvals' | 'approvedBy'>): string {
  const so = `${approvedBy.length} of ${approvals}`;
  return approvedBy.length === 0 ? so : `${so}, by ${approvedBy.join(' and ')}`;
}

/** True when a person has said yes already: a second yes of theirs would count for nothing. */
export const hasApproved = ({ approvedBy }: Pick<ApprovalRequest, 'approvedBy'>, name: string | undefined): boolean => name !== undefined && approvedBy.includes(name);

/** `Wave 2 of 4`, or that all are through. */
export function waveWords({ state, wave, waves }: Pick<RolloutProgress, 'state' | 'wave' | 'waves'>): string {
  if (state === 'complete') return waves.length === 1 ? 'In force everywhere' : `All ${waves.length} waves are through`;
  return `Wave ${Math.min(wave + 1, waves.length)} of ${waves.length}`;
}

export type WaitingAct = Pick<RotationDecision, 'about' | 'id' | 'action'>;

/** What an act is called, what its button says, and what comes of it. */
export interface ActWords {
  readonly title: string;
  readonly button: string;
  /** What happens once it is done. */
  readonly consequence: string;
  /** Whether data may be deleted because of it. */
  readonly weighty: boolean;
}

/** What approving a request comes to. The last of the people needed lets the order go. */
export function requestWords(action: 'approve' | 'reject', request: ApprovalRequest): ActWords {
  const where = `${request.store} on ${request.server}`;
  if (action === 'reject') return { title: 'Reject', button: `Reject the rotation of ${where}`, consequence: `Nothing of ${where} is deleted by ${request.policy}. It asks again when the store is over its limit afterwards.`, weighty: false };
  const missing = request.approvals - request.approvedBy.length - 1;
  const consequence = missing > 0 ? `${countOf(missing, 'more approval')} by other people ${missing === 1 ? 'is' : 'are'} needed before anything is deleted.` : `The order is given at once, for what was foretold and little more: ${amount(request.foretold)}. What is held stays.`;
  return { title: 'Approve', button: missing > 0 ? `Approve the rotation of ${where}` : `Delete about ${amount(request.foretold)} of ${where}`, consequence, weighty: missing <= 0 };
}

export function markWords(action: 'release' | 'resume', mark: { readonly store: string; readonly server: string; readonly policy: string; readonly marked: { readonly items: number; readonly bytes: number } }): ActWords {
  const where = `${mark.store} on ${mark.server}`;
  return action === 'release'
    ? { title: 'Release', button: `Keep ${amount(mark.marked)} of ${where}`, consequence: `Nothing of what is marked is deleted, and ${mark.policy} marks nothing there until somebody resumes it.`, weighty: false }
    : { title: 'Resume', button: `Let ${mark.policy} mark ${where} again`, consequence: 'What is over the limit is marked anew, and goes when its grace has run out.', weighty: true };
}

export function rolloutWords(action: 'stop' | 'resume', rollout: Pick<RolloutProgress, 'policy' | 'reason' | 'state'>): ActWords {
  return action === 'stop'
    ? { title: 'Stop', button: `Stop ${rollout.policy} everywhere`, consequence: 'It gives no further order. What is under way comes to its end within its bounds.', weighty: false }
    : { title: 'Go on', button: `Let ${rollout.policy} go on`, consequence: `${rollout.reason === '' ? 'It was stopped.' : `It was stopped: ${rollout.reason}.`} Orders are given again, in the wave where it stood.`, weighty: true };
}
