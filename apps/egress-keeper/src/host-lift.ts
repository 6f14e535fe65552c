import { dropStateFile, readStateFile, stateFolder, writeStateFile } from '@mailwarden/config';
import { instantOf, parseDuration, type Instant } from '@mailwarden/kernel';
import { z } from 'zod';

const FILE = 'lift.json';
const FILE_BYTES_MAX = 4_096;
/** Longest time that a host's own administrator lets everything flow. Units: milliseconds. */
const LIFT_MS_MAX = 7 * 86_400_000;
const MS = 1_000;
const REASON_CHARACTERS_MAX = 200;
/** What takes it back before its end. */
export const LIFT_ENDS = 'end';

const lift = z.strictObject({ until: z.iso.datetime(), reason: z.string().max(REASON_CHARACTERS_MAX) });

/**
 * Lets everything flow on this host for a time, whatever policies say: for an administrator who hears no control plane. It ends by itself.
 * `forHow` is a duration as `2 hours`, or `end`. Returns until when; null when it was ended. Errors: throws where the duration or the reason is none, or the folder belongs to others.
 */
export function liftHere(stateDir: string, forHow: string, reason: string, nowMs: number): Instant | null {
  stateFolder(stateDir);
  if (forHow === LIFT_ENDS) {
    dropStateFile(stateDir, FILE);
    return null;
  }
  const seconds = parseDuration(forHow);
  if (!seconds.ok) throw new Error(`--lift ${forHow}: ${seconds.error}; or "${LIFT_ENDS}"`);
  if (seconds.value * MS > LIFT_MS_MAX || seconds.value === 0) throw new Error('--lift takes from 1 second to 7 days; what has to last longer is a policy');
  if (reason.trim() === '' || reason.length > REASON_CHARACTERS_MAX) throw new Error(`--reason says why, in at most ${REASON_CHARACTERS_MAX} characters`);
  const until = instantOf(nowMs + seconds.value * MS);
  writeStateFile(stateDir, FILE, Buffer.from(JSON.stringify({ until, reason })));
  return until;
}

/** Until when the host's administrator lets everything flow; null where nobody does, or it has ended. A clock that was set back lets nothing flow for longer than anybody may ask for. Errors: throws where the file belongs to others or is none of ours. */
export function liftedHere(stateDir: string, nowMs: number): Instant | null {
  const bytes = readStateFile(stateDir, FILE, FILE_BYTES_MAX);
  if (bytes === null) return null;
  const untilMs = Date.parse(lift.parse(JSON.parse(bytes.toString('utf8'))).until);
  return untilMs <= nowMs || untilMs > nowMs + LIFT_MS_MAX ? null : instantOf(untilMs);
}
