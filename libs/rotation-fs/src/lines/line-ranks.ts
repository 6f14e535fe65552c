import { pathOf } from '../logs/store-file.js';
import type { RotateRequest } from '../rotate-request.js';
import { placeOf } from './chosen-lines.js';
import type { ChosenLines } from './line-record.js';
import { countStore } from './plan-lines.js';

/** How many lines of the store are older than the first of a chosen file, and how many there are in all. */
export type Ranks = (chosen: ChosenLines) => { readonly first: number; readonly records: number };

interface Counted {
  readonly path: string;
  readonly isActive: boolean;
  readonly mtimeMs: number;
  readonly records: number;
}

/** All of them are the newest. */
const NOT_COUNTED: Ranks = () => ({ first: Infinity, records: 0 });

const isNewer = (one: Counted, other: Counted): boolean => (one.isActive === other.isActive ? one.mtimeMs > other.mtimeMs : one.isActive);
const sumOf = (files: readonly Counted[]): number => files.reduce((sum, { records }) => sum + records, 0);

/**
 * Counts the lines of a store as they are now, for an order that goes on. Nothing is counted where no newest ones are to be kept.
 * The chosen files are as old as they were when they were chosen: one that was cut since is the younger for it by its file system alone.
 * Safety: where they cannot be counted, every line counts as one of the newest, so that nothing is begun that nobody knows the place of.
 */
export async function ranksOf(request: RotateRequest, chosen: readonly ChosenLines[]): Promise<Ranks> {
  if (request.keep.newest === 0) return () => ({ first: 0, records: Infinity });
  const counted = await countStore(request).catch(() => null);
  if (counted === null) return NOT_COUNTED;
  const choosing = new Map(chosen.map((one) => [pathOf(placeOf(one)), one.mtimeMs]));
  const files = counted.map(({ file, records }): Counted => ({ path: pathOf(file), isActive: file.isActive, mtimeMs: choosing.get(pathOf(file)) ?? file.mtimeMs, records }));
  return (one) => {
    const path = pathOf(placeOf(one));
    // One that is to leave whole may lie in the executor's own folder already.
    const own = files.find((file) => file.path === path) ?? { path, isActive: false, mtimeMs: one.mtimeMs, records: one.records };
    const others = files.filter((file) => file !== own);
    return { first: sumOf(others.filter((other) => !isNewer(other, own))), records: sumOf(others) + own.records };
  };
}
