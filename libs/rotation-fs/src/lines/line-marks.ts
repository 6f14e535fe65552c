import { fstatSync } from 'node:fs';
import type { LineStretch } from '@mailwarden/rotation';
import { markAt, markOfEnd } from './cut-in-place.js';
import type { ChosenLines, LineMarks } from './line-record.js';

/** Cuts are made from the last stretch to the first, so what stands here is as it was until that one is begun. */
const headMark = (fd: number, [first]: readonly LineStretch[]): string => markAt(fd, 0, first?.start === 0 ? first.end : (first?.start ?? 0));

export const marksOf = (fd: number, stretches: readonly LineStretch[]): LineMarks => ({ head: headMark(fd, stretches), ends: stretches.map((stretch) => markOfEnd(fd, stretch)) });

/**
 * Whether the lines of a stretch that nobody has begun are still those that were planned.
 * Safety: a program that empties a file and fills it again keeps its inode, and other lines stand at the same places then.
 */
export function isStretchThere(fd: number, { stretches, marks }: ChosenLines, number: number): boolean {
  const stretch = stretches[number];
  return stretch !== undefined && marks !== undefined && fstatSync(fd).size >= stretch.end && headMark(fd, stretches) === marks.head && markOfEnd(fd, stretch) === marks.ends[number];
}

/** Whether a file of which nothing was begun is as it was planned: what never leaves stands behind the last stretch, too. */
export function isAsPlanned(fd: number, chosen: ChosenLines): boolean {
  const last = chosen.stretches.at(-1);
  return last !== undefined && markAt(fd, last.end, chosen.size) === chosen.behind && chosen.stretches.every((_stretch, number) => isStretchThere(fd, chosen, number));
}
