import type { LetterTable } from '../database/product-tables.js';

/** Backup spreads its letters over folders; the quarantines lie flat. */
export const BUCKETS = ['0', '1', '2', '3', '4', '5', '6', '7'] as const;

/** Beginning of a letter's path below its store's folder. */
export const bucketOf = (table: LetterTable, serial: number): string => (table === 'backup' ? `${BUCKETS[serial % BUCKETS.length] ?? BUCKETS[0]}/` : '');
