import { AGE_CLASS_SECONDS, type Spread } from '@mailwarden/contracts';
import { formatByteCount, formatDuration } from '@mailwarden/kernel';
import { countOf } from '../../format/quantity.js';

/** One class of age: how much of the store is in it. Units: percent of the fullest class; items; allocated bytes. */
export interface AgeColumn {
  readonly name: string;
  readonly words: string;
  readonly heightPercent: number;
  readonly items: number;
  readonly bytes: number;
}

const SHORT_UNITS: readonly (readonly [seconds: number, unit: string])[] = [[86_400 * 365, 'y'], [86_400, 'd'], [3_600, 'h']];

function shortEnd(seconds: number): string {
  const [size, unit] = SHORT_UNITS.find(([length]) => seconds >= length) ?? [1, 's'];
  return `${Math.round(seconds / size)}${unit}`;
}

function nameOf(index: number): string {
  const end = AGE_CLASS_SECONDS[index];
  return end === undefined ? `> ${shortEnd(AGE_CLASS_SECONDS.at(-1) ?? 0)}` : `${shortEnd(end)}`;
}

function wordsOf(index: number): string {
  const end = AGE_CLASS_SECONDS[index];
  return end === undefined ? `older than ${formatDuration(AGE_CLASS_SECONDS.at(-1) ?? 0)}` : `up to ${formatDuration(end)} old`;
}

/** Columns of a store's ages, youngest first; none for an empty store. */
export function ageColumns(ages: Spread): AgeColumn[] {
  const fullest = Math.max(...ages.items);
  if (fullest === 0) return [];
  return ages.items.map((items, index) => {
    const bytes = ages.bytes[index] ?? 0;
    // A class that holds anything is seen, however little it is beside the fullest.
    const heightPercent = items === 0 ? 0 : Math.max(6, (100 * items) / fullest);
    return { name: nameOf(index), words: `${wordsOf(index)}: ${countOf(items, 'entry', 'entries')}, ${formatByteCount(bytes)}`, heightPercent, items, bytes };
  });
}
