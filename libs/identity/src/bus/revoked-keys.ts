import { readFile } from 'node:fs/promises';
import { writePrivate } from '../private-file.js';

/** A moment after all credentials: the bus shuts out those that were issued before it. Units: seconds since 1970. */
const FOR_EVER_S = 4_102_444_800;

/** Keys that may not enter the bus any more, kept on disk. What was shut out once stays so. */
export class RevokedKeys {
  private constructor(
    private readonly file: string,
    private readonly keys: Set<string>,
  ) {}

  static async open(file: string): Promise<RevokedKeys> {
    const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return '[]';
      throw cause;
    });
    return new RevokedKeys(file, new Set(JSON.parse(text) as string[]));
  }

  /** Returns whether any of them was not shut out yet; resolves when that is on disk. */
  async add(keys: readonly string[]): Promise<boolean> {
    const fresh = keys.filter((key) => !this.keys.has(key));
    if (fresh.length === 0) return false;
    for (const key of fresh) this.keys.add(key);
    await writePrivate(this.file, `${JSON.stringify([...this.keys].sort(), null, 2)}\n`);
    return true;
  }

  /** As an account's token lists them. */
  claims(): Record<string, number> {
    return Object.fromEntries([...this.keys].map((key) => [key, FOR_EVER_S]));
  }
}
