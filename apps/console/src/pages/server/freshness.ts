import type { ServerRow, Statement } from '@mailwarden/contracts';

/** A measurement older than this is shown as old, whatever the agent's own interval is: fifteen default scans. Units: seconds. */
export const FRESH_SECONDS = 15 * 60;

/** Whether what was measured may no longer be so, and why. Null while it is fresh. */
export function whyOld({ observedAt }: Pick<Statement, 'observedAt'>, agent: ServerRow['agent'], nowMs: number): string | null {
  if (agent !== 'live') return 'the agent is silent, so nothing newer is known';
  return (nowMs - Date.parse(observedAt)) / 1000 > FRESH_SECONDS ? 'the agent is live, but its last scan is long ago' : null;
}
