import type { Labels } from '@mailwarden/contracts';
import { sha256 } from '@mailwarden/kernel';
import { STOP_ON, type RetentionPolicy, type Rollout, type Wave } from './policy.js';

/** Hexadecimal digits of the hash that place a server: fine enough for a fleet of a million. */
const PLACE_DIGITS = 8;
const PLACES = 16 ** PLACE_DIGITS;

/** What counts where a policy says nothing of waves: all servers at once, and the same surprises stop it. */
export const ONE_WAVE: Rollout = { waves: [{ kind: 'share', percent: 100 }], soakSeconds: 0, atOnce: null, stopOn: STOP_ON };
export const rolloutOf = (policy: Pick<RetentionPolicy, 'rollout'>): Rollout => policy.rollout ?? ONE_WAVE;

/** Where a server stands among all, for one policy: always the same, and another for each policy, so that not always the same servers go first. Units: percent. */
const placeOf = (policy: string, server: string): number => (100 * Number.parseInt(sha256(`${policy} ${server}`).slice(0, PLACE_DIGITS), 16)) / PLACES;

const takesIn = (wave: Wave, place: number, labels: Labels): boolean => (wave.kind === 'share' ? place < wave.percent : Object.entries(wave.labels).every(([key, value]) => labels[key] === value));

/** The first wave that takes a server in, from 0; null where none does: the policy then never acts on it. */
export function waveOf(policy: Pick<RetentionPolicy, 'name' | 'rollout'>, server: string, labels: Labels): number | null {
  const place = placeOf(policy.name, server);
  const known = { ...labels, name: server };
  const found = rolloutOf(policy).waves.findIndex((wave) => takesIn(wave, place, known));
  return found === -1 ? null : found;
}

/** A wave as a person says it. */
export const waveWords = (wave: Wave): string => (wave.kind === 'share' ? `${wave.percent} % of the servers` : Object.entries(wave.labels).map(([key, value]) => `${key} = ${value}`).join(', ') || 'all servers').slice(0, 200);
