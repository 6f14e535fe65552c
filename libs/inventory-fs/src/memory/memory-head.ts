import { z } from 'zod';

const count = z.number().int().min(0);
const moment = z.number().min(0);

/** What a store was in the scan before. Units: items, allocated bytes; milliseconds since 1970. */
const storeBefore = z.object({
  /** Null where it was not known. */
  amounts: z.object({ items: count, bytes: count, atMs: moment }).nullable(),
  /** `changedMs` is null where no scan saw them change. */
  contents: z.object({ digest: z.string(), changedMs: moment.nullable() }).nullable(),
});
export type StoreBefore = z.output<typeof storeBefore>;

/** The first line of a memory: what it is about, and what is not about one folder. */
export const memoryHead = z.object({
  format: z.literal('mailwarden-memory/1'),
  /** Hash over the host's root and the stores as the profile has them: another profile has another memory. */
  about: z.string(),
  /** When the scan began. Units: milliseconds since 1970. */
  scannedMs: moment,
  /** False where that scan's window ended before all was seen. */
  complete: z.boolean(),
  stores: z.record(z.string(), storeBefore),
  /** Files some of whose names lie in no store, as device, inode and count of names: nobody looks for these again. */
  elsewhere: z.array(z.string()),
});
export type MemoryHead = z.output<typeof memoryHead>;
