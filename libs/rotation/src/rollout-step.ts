/** How the current wave of a policy stands. */
export interface WaveStanding {
  readonly wave: number;
  readonly waves: number;
  readonly sinceMs: number;
  readonly soakMs: number;
  /** Servers that the wave takes in. */
  readonly servers: number;
  /** Of them, those that were heard of since the wave began. */
  readonly heard: number;
  /** Over a limit, and not yet brought under it. */
  readonly waiting: number;
  readonly failed: number;
  /** When the last of them was done; null while none is. */
  readonly lastDoneMs: number | null;
}

export type RolloutStep =
  | { readonly kind: 'wait' }
  /** All is done that there was to do; the next wave may begin then. */
  | { readonly kind: 'soak'; readonly untilMs: number }
  | { readonly kind: 'advance' }
  | { readonly kind: 'complete' };

/** What comes next in a rollout that runs. A wave without servers is passed over; one of which nobody was heard proves nothing and is waited for; servers that stay silent are not. */
export function rolloutStep(standing: WaveStanding, nowMs: number): RolloutStep {
  const onwards: RolloutStep = standing.wave + 1 >= standing.waves ? { kind: 'complete' } : { kind: 'advance' };
  if (standing.servers === 0) return onwards;
  if (standing.heard === 0 || standing.waiting > 0 || standing.failed > 0) return { kind: 'wait' };
  const untilMs = Math.max(standing.sinceMs, standing.lastDoneMs ?? standing.sinceMs) + standing.soakMs;
  return nowMs < untilMs ? { kind: 'soak', untilMs } : onwards;
}
