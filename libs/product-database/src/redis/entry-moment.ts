import { zstdDecompressSync } from 'node:zlib';
import type { RecordLists } from '@mailwarden/catalogue';
import type { Instant } from '@mailwarden/kernel';
import { LATEST_MS, momentOf } from '../unix-time.js';

/** One entry is the story of one message. What unpacks to more is none. Units: bytes. */
const ENTRY_BYTES_MAX = 4 * 1024 * 1024;
const MS_PER_SECOND = 1_000;

/** When an entry was written, by its own member; null where that cannot be read. Entries are the product's: nothing of them but this number is kept. */
export function entryMoment(entry: Uint8Array, { encoding, timeField }: Pick<RecordLists, 'encoding' | 'timeField'>): Instant | null {
  if (encoding === 'opaque' || timeField === null || entry.length > ENTRY_BYTES_MAX) return null;
  try {
    const plain = encoding === 'json-zstd' ? zstdDecompressSync(entry, { maxOutputLength: ENTRY_BYTES_MAX }) : entry;
    const document: unknown = JSON.parse(Buffer.from(plain).toString('utf8'));
    if (typeof document !== 'object' || document === null || !Object.hasOwn(document, timeField)) return null;
    const seconds = (document as Record<string, unknown>)[timeField];
    return typeof seconds === 'number' && seconds > 0 && seconds * MS_PER_SECOND <= LATEST_MS ? momentOf(seconds * MS_PER_SECOND) : null;
  } catch {
    return null;
  }
}
