import { timingSafeEqual } from 'node:crypto';
import { readFile, rename, unlink } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { sha256 } from '@mailwarden/kernel';

const LENGTH_MIN = 16;

/** Compares without telling by time how much was right. */
export const sameSecret = (given: string, kept: string): boolean => timingSafeEqual(Buffer.from(sha256(given), 'hex'), Buffer.from(sha256(kept), 'hex'));

/** A file that holds one secret, read anew each time because the runtime may replace it. Returns null when there is none. */
export async function readSecret(path: string): Promise<string | null> {
  try {
    const secret = (await readFile(path, 'utf8')).trim();
    return secret.length >= LENGTH_MIN ? secret : null;
  } catch {
    return null;
  }
}

/** A link that signs one person in, once. */
export class OneTimeLink {
  constructor(private readonly path: string) {}

  /**
   * Uses the link up. Returns false when it is not the one, or was used before.
   * Safety: renaming the file is the one step that only one of two hurried callers can do.
   */
  async consume(given: string): Promise<boolean> {
    const kept = await readSecret(this.path);
    if (kept === null || !sameSecret(given, kept)) return false;
    const taken = `${this.path}.${randomUUID()}`;
    try {
      await rename(this.path, taken);
    } catch {
      return false;
    }
    const same = (await readSecret(taken)) === kept;
    await unlink(taken);
    return same;
  }
}
