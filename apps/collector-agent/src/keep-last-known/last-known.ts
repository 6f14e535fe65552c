import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The last signed documents, kept on disk so that the agent has its authority while the control plane is away.
 * They are checked again when read: a file changed on disk counts for nothing.
 */
export class LastKnown {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(spoolDir: string): Promise<LastKnown> {
    const folder = join(spoolDir, 'last-known');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return new LastKnown(folder);
  }

  /** Name of the file: letters, digits, `-`, `_`, `=` and `.`; anything else is spelled out, so that a key never leaves the folder. */
  #path(key: string): string {
    return join(this.#folder, `${key.replaceAll(/[^A-Za-z0-9_=.-]/g, (char) => `%${char.codePointAt(0)?.toString(16) ?? ''}`)}.json`);
  }

  /** Safety: written aside, synced, then renamed, so that a crash leaves the old or the new document, never half of one. */
  async keep(key: string, bytes: Uint8Array): Promise<void> {
    const path = this.#path(key);
    const file = await open(`${path}.new`, 'w', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.new`, path);
  }

  async read(key: string): Promise<Uint8Array | null> {
    try {
      return await readFile(this.#path(key));
    } catch (cause) {
      if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return null;
      throw cause;
    }
  }
}
