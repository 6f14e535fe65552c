import { runApart } from '../fault/apart.js';
import type { CrashPlace } from '../fault/crash/crash-main.js';
import type { CrashResult } from '../fault/crash/run-crash.js';
import type { RaceResult } from '../fault/race/run-race.js';
import type { ModelResult } from '../model/run-model.js';

/** How long and from where a suite runs. */
export interface StressTerms {
  readonly seed: number;
  /** Most so many tries or cases. */
  readonly most: number;
  readonly untilMs: number;
  /** False where it suffices to know that something goes wrong. */
  readonly smallest?: boolean;
  /** Root of the sources that are tried. */
  readonly root?: string;
}

/** What one run of a suite came to: what is wrong, empty when all is well, and what it did, in words. */
export interface StressEnd {
  readonly wrong: readonly string[];
  readonly did: string;
  readonly count: number;
}

export type Stress = (terms: StressTerms) => Promise<StressEnd>;

/** A suite and how much of it shows that it works at all where nothing was taken away. */
export interface Suite {
  readonly name: string;
  readonly run: Stress;
  readonly enough: number;
}

const args = ({ most, seed, untilMs }: StressTerms): string[] => [String(most), String(seed), String(untilMs)];

export async function stressRace(terms: StressTerms): Promise<StressEnd> {
  const { wrong, tries, ...did } = await runApart<RaceResult>('test/fault/race/race-main.ts', args(terms), terms.root);
  return { wrong, count: tries, did: `${tries} tries: ${JSON.stringify(did)}` };
}

export async function stressModel(terms: StressTerms): Promise<StressEnd> {
  const { failure, cases, outcomes } = await runApart<ModelResult>('test/model/model-main.ts', [...args(terms), terms.smallest === false ? 'first' : 'smallest'], terms.root);
  return { wrong: failure === null ? [] : [failure], count: cases, did: `${cases} cases: ${JSON.stringify(outcomes)}` };
}

export const KILLED: readonly CrashPlace[] = [{ pairs: false, disk: null, journal: 'beside' }, { pairs: true, disk: null, journal: 'beside' }];
export const WITHOUT_POWER: readonly CrashPlace[] = (['ext4', 'xfs'] as const).flatMap((disk) => (['beside', 'elsewhere'] as const).flatMap((journal) => [...[false, true].map((pairs): CrashPlace => ({ pairs, disk, journal })), { pairs: false, lines: true, disk, journal } as const]));

export async function stressCrash(terms: StressTerms, place: CrashPlace): Promise<StressEnd> {
  const { wrong, cases, cut, through } = await runApart<CrashResult>('test/fault/crash/crash-main.ts', [...args(terms), JSON.stringify(place)], terms.root);
  return { wrong, count: cases, did: `${cases} cases ${JSON.stringify(place)}: ended ${cut} times in the middle, ${through} times after the end` };
}
