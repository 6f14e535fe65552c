import type { Hold, Watermark } from '@mailwarden/contracts';
import { clockDoubt } from './clock-doubt.js';
import { meets, spanOf } from './hold-span.js';

/** A log that is being written. Units: allocated bytes; milliseconds since 1970. */
export interface ActiveLog {
  readonly bytes: number;
  /** When it was begun; null where nothing tells. */
  readonly startedMs: number | null;
}

/** What the plan for the generations came to. */
export interface AsideQuestion {
  readonly watermarks: readonly Watermark[];
  readonly holds: readonly Hold[];
  readonly nowMs: number;
  readonly issuedAtMs: number;
  /** What the store holds, and what of it may go already. */
  readonly beforeBytes: number;
  readonly plannedBytes: number;
  /** False when what may go suffices. */
  readonly staysOver: boolean;
}

/** A hold that means anything from a log's beginning until now keeps it where it is; where nothing tells when it was begun, it may hold what is of any time. */
const isHeld = ({ startedMs }: ActiveLog, { holds, nowMs }: AsideQuestion): boolean => meets(holds.map(spanOf), { fromMs: startedMs ?? -Infinity, untilMs: nowMs });

/** How much more must go than may go already. A limit that is not of bytes of this store, as free space, does not say: then it is all there is. */
function missingBytes({ watermarks, beforeBytes, plannedBytes, staysOver }: AsideQuestion): number {
  if (!staysOver) return 0;
  return watermarks.reduce((most, { kind, limit, target }) => {
    if (kind === 'free-space') return Infinity;
    return kind === 'bytes' && beforeBytes > limit ? Math.max(most, beforeBytes - plannedBytes - target) : most;
  }, 0);
}

/**
 * Which logs that are being written are to be set aside: those that hold what the generations cannot give, the largest first, and those that were begun before the age that a policy permits. Places in `logs`.
 * Safety: setting aside deletes nothing. Empty logs stay, and so does everything under a hold or by a clock that cannot be believed.
 */
export function logsToSetAside(logs: readonly ActiveLog[], question: AsideQuestion): number[] {
  const { nowMs, issuedAtMs, watermarks } = question;
  const ageLimit = clockDoubt({ nowMs, issuedAtMs, newestMs: null }) === null ? Math.min(...watermarks.flatMap(({ kind, limit }) => (kind === 'age' ? [limit] : []))) : Infinity;
  let missing = missingBytes(question);
  const chosen: number[] = [];
  for (const place of logs.map((_log, index) => index).sort((a, b) => (logs[b]?.bytes ?? 0) - (logs[a]?.bytes ?? 0))) {
    const log = logs[place] ?? { bytes: 0, startedMs: null };
    const { bytes, startedMs } = log;
    if (bytes === 0 || isHeld(log, question)) continue;
    const isOld = startedMs !== null && nowMs - startedMs > ageLimit * 1000;
    if (missing <= 0 && !isOld) continue;
    missing -= bytes;
    chosen.push(place);
  }
  return chosen;
}
