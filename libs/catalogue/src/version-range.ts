type Compare = (order: number) => boolean;

const OPERATORS: Readonly<Record<string, Compare>> = {
  '>=': (order) => order >= 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '<': (order) => order < 0,
  '=': (order) => order === 0,
};

/** A range that takes in every version, also one that cannot be read. */
const ANY = '*';

interface Bound {
  readonly holds: Compare;
  readonly numbers: readonly number[];
}

const VERSION = /^v?(\d{1,9}(?:\.\d{1,9}){0,5})(?![\d.])/;
const BOUND = /^(>=|<=|>|<|=)?(\d{1,9}(?:\.\d{1,9}){0,5})$/;
const numbersOf = (dotted: string): number[] => dotted.split('.').map(Number);

/** The first number that differs decides; what a version does not say counts as 0. */
function order(one: readonly number[], other: readonly number[]): number {
  for (let place = 0; place < Math.max(one.length, other.length); place += 1) {
    const difference = (one[place] ?? 0) - (other[place] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function boundFrom(text: string): Bound | null {
  const match = BOUND.exec(text);
  return match?.[2] === undefined ? null : { holds: OPERATORS[match[1] ?? '='] ?? (() => false), numbers: numbersOf(match[2]) };
}

/** Bounds that must hold together, for each of the alternatives; null where the range cannot be read. */
function alternativesOf(range: string): Bound[][] | null {
  const alternatives = range.split('||').map((part) => part.trim().split(/\s+/).map(boundFrom));
  return alternatives.every((bounds): bounds is Bound[] => bounds.every((bound) => bound !== null)) ? alternatives : null;
}

/** True for a range as `>=8.0.0 <9`, `>=2.3 <2.4 || >=3.0`, or `*` for every version. */
export const isVersionRange = (range: string): boolean => range.trim() === ANY || alternativesOf(range) !== null;

/** Whether a version lies in a range; null where the version or the range cannot be read. What follows the dotted numbers, as in `2.3.19.1 (9b53102964)`, says nothing. */
export function isWithin(version: string, range: string): boolean | null {
  if (range.trim() === ANY) return true;
  const dotted = VERSION.exec(version.trim())?.[1];
  const alternatives = alternativesOf(range);
  if (dotted === undefined || alternatives === null) return null;
  const numbers = numbersOf(dotted);
  return alternatives.some((bounds) => bounds.every(({ holds, numbers: bound }) => holds(order(numbers, bound))));
}
