import type { ApprovalRequest, ConsentState, ConsentView, DisplayState, FindingView, PlanRow, RolloutProgress, RotationMark, RotationView, ServerRow } from '@mailwarden/contracts';

/** The shapes that tell states apart without colour. */
export type Shape = 'tick' | 'alarm' | 'question' | 'clock' | 'open-end' | 'stop' | 'seal';
/** Colours by meaning. `good` is kept for what was measured and is in order. */
export type Tone = 'good' | 'bad' | 'warn' | 'unknown' | 'waiting' | 'neutral';

/** How a state looks: always shape, word and colour together. */
export interface StateLook {
  readonly word: string;
  readonly shape: Shape;
  readonly tone: Tone;
}

const look = (word: string, shape: Shape, tone: Tone): StateLook => ({ word, shape, tone });

export const DISPLAY_LOOKS: Readonly<Record<DisplayState, StateLook>> = {
  'in-order': look('In order', 'tick', 'good'),
  finding: look('Finding', 'alarm', 'bad'),
  unknown: look('Unknown', 'question', 'unknown'),
  waiting: look('Waiting', 'clock', 'waiting'),
  'not-limited': look('No vendor limit', 'open-end', 'neutral'),
};

export const AGENT_LOOKS: Readonly<Record<ServerRow['agent'], StateLook>> = {
  live: look('Live', 'tick', 'good'),
  silent: look('Silent', 'alarm', 'bad'),
  never: look('Never seen', 'question', 'unknown'),
};

export const CONVERGENCE_LOOKS: Readonly<Record<ConsentView['convergence'][number]['state'], StateLook>> = {
  converged: look('Converged', 'tick', 'good'),
  converging: look('Converging', 'clock', 'waiting'),
  unreachable: look('Unreachable', 'stop', 'warn'),
  'not-compliant': look('Not compliant', 'alarm', 'bad'),
  unknown: look('Unknown', 'question', 'unknown'),
};

export const CONSENT_LOOKS: Readonly<Record<ConsentState, StateLook>> = {
  granted: look('Granted', 'tick', 'good'),
  declined: look('Declined', 'stop', 'neutral'),
  withdrawn: look('Withdrawn', 'stop', 'neutral'),
  expired: look('Expired', 'clock', 'warn'),
  undecided: look('Undecided', 'question', 'unknown'),
  'text-changed': look('Text changed', 'alarm', 'warn'),
  'region-changed': look('Other region', 'alarm', 'warn'),
};

export const ROTATION_LOOKS: Readonly<Record<RotationView['state'], StateLook>> = {
  ordered: look('Ordered', 'clock', 'waiting'),
  completed: look('Completed, proof awaited', 'clock', 'waiting'),
  'nothing-to-do': look('Nothing to do', 'open-end', 'neutral'),
  refused: look('Refused', 'stop', 'warn'),
  stopped: look('Stopped', 'stop', 'bad'),
  failed: look('Failed', 'alarm', 'bad'),
  expired: look('Expired', 'clock', 'warn'),
  proved: look('Proved', 'seal', 'good'),
  planned: look('Planned, nothing deleted', 'open-end', 'neutral'),
  marked: look('Marked, not yet deleted', 'clock', 'warn'),
};

export const PLAN_LOOKS: Readonly<Record<PlanRow['state'], StateLook>> = {
  'in-order': look('In order', 'tick', 'good'),
  'would-delete': look('Over a limit', 'alarm', 'warn'),
  'over-bounds': look('Stopped by its bounds', 'stop', 'bad'),
  held: look('Held', 'seal', 'neutral'),
  'not-rotatable': look('Never deleted from', 'open-end', 'neutral'),
  unmeasured: look('Not measured', 'question', 'unknown'),
};

export const REQUEST_LOOKS: Readonly<Record<ApprovalRequest['state'], StateLook>> = {
  waiting: look('Waits for approval', 'clock', 'waiting'),
  approved: look('Approved', 'tick', 'good'),
  rejected: look('Rejected', 'stop', 'neutral'),
  lapsed: look('Lapsed', 'clock', 'warn'),
};

export const MARK_LOOKS: Readonly<Record<RotationMark['state'], StateLook>> = {
  marking: look('Being marked', 'clock', 'waiting'),
  marked: look('Marked', 'clock', 'warn'),
  due: look('Due', 'alarm', 'bad'),
  released: look('Released', 'stop', 'neutral'),
  done: look('Deleted', 'tick', 'good'),
};

export const ROLLOUT_LOOKS: Readonly<Record<RolloutProgress['state'], StateLook>> = {
  running: look('Running', 'clock', 'waiting'),
  soaking: look('Waits after a wave', 'clock', 'waiting'),
  stopped: look('Stopped', 'stop', 'bad'),
  complete: look('Complete', 'tick', 'good'),
};

export const FINDING_LOOKS: Readonly<Record<FindingView['state'], StateLook>> = {
  open: look('Open', 'alarm', 'bad'),
  resolved: look('Resolved', 'tick', 'good'),
  accepted: look('Accepted', 'seal', 'neutral'),
};

/** A remediation's state comes as free text; one that is not known here is shown as it is, and never as good. */
export function remediationLook(state: string): StateLook {
  return Object.hasOwn(ROTATION_LOOKS, state) ? ROTATION_LOOKS[state as RotationView['state']] : look(state, 'question', 'unknown');
}

const SEVERITY_ORDER = ['critical', 'high', 'medium', 'low', 'info'] as const;
/** Severities, the weightiest first. */
export const SEVERITIES_FALLING: readonly (typeof SEVERITY_ORDER)[number][] = SEVERITY_ORDER;

export const SEVERITY_LOOKS: Readonly<Record<(typeof SEVERITY_ORDER)[number], { readonly word: string; readonly tone: Tone; readonly level: number }>> = {
  critical: { word: 'Critical', tone: 'bad', level: 4 },
  high: { word: 'High', tone: 'bad', level: 3 },
  medium: { word: 'Medium', tone: 'warn', level: 2 },
  low: { word: 'Low', tone: 'neutral', level: 1 },
  info: { word: 'Info', tone: 'neutral', level: 0 },
};
