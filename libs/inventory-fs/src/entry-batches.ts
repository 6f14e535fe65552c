import { opendirSync } from 'node:fs';
import type { BytePath } from '@mailwarden/inventory';
import { entryNames, type Directory } from './directory-descriptor.js';

/** Names are looked at so many at a time, so that a folder with a million of them neither fills the memory nor holds the process. */
export const ENTRIES_PER_BATCH = 4_000;
/** A folder whose own size is below this has a few thousand names, which are read at once: that is faster. Units: bytes. */
const SMALL_FOLDER_BYTES = 65_536;

/** Names of a folder's entries, as bytes, in batches. Errors: throws what the kernel says when the folder cannot be read. */
export function* entryBatches(directory: Directory): Generator<BytePath[], void, void> {
  if (directory.size <= SMALL_FOLDER_BYTES) {
    yield entryNames(directory);
    return;
  }
  const reader = opendirSync(`/proc/self/fd/${directory.fd}`, { encoding: 'latin1' as BufferEncoding, bufferSize: ENTRIES_PER_BATCH });
  try {
    let batch: BytePath[] = [];
    for (let entry = reader.readSync(); entry !== null; entry = reader.readSync()) {
      batch.push(entry.name);
      if (batch.length < ENTRIES_PER_BATCH) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  } finally {
    reader.closeSync();
  }
}
