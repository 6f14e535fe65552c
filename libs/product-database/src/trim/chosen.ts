import type { ChosenRecords } from './record-trimmer.js';

/** Keys with their moments, oldest first, as an engine yields them. Units: milliseconds since 1970. */
export function chosenOf(rows: readonly (readonly [key: string, atMs: number | string | null])[]): ChosenRecords {
  const moment = (row: (typeof rows)[number] | undefined): number | null => (row === undefined || row[1] === null ? null : Number(row[1]));
  return { keys: rows.map(([key]) => key), oldestMs: moment(rows[0]), newestMs: moment(rows.at(-1)) };
}
