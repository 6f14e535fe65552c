import { readGuardedFile, type Readers } from './guarded-file.js';

/** Bytes of a file that must be there and that only its owner may have written, who is root or the running account. Errors: throws with the file and what mends it. */
export async function readGuardedBytes(path: string, bytesMax: number, readers: Readers = 'anyone'): Promise<Buffer> {
  const bytes = await readGuardedFile(path, bytesMax, readers);
  if (bytes === null) throw new Error(`${path} does not exist`);
  return bytes;
}
