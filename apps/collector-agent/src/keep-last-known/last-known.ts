import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably, writeDurablyOrOver } from '@mailwarden/messaging/agent-side';

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
  #name(key: string): string {
    return `${key.replaceAll(/[^A-Za-z0-9_=.-]/g, (char) => `%${char.codePointAt(0)?.toString(16) ?? ''}`)}.json`;
  }

  /** Safety: a crash leaves the old or the new document, never half of one; a full disk leaves the old one. */
  async keep(key: string, bytes: Uint8Array): Promise<void> {
    await writeDurably(this.#folder, this.#name(key), bytes);
  }

  /** The same for what must be noted on a full disk too: there it is written over the old one, and garbled by a crash in that moment. Errors: those of the disk, a full one too where the old one is shorter. */
  async keepOver(key: string, bytes: Uint8Array): Promise<void> {
    await writeDurablyOrOver(this.#folder, this.#name(key), bytes);
  }

  async read(key: string): Promise<Uint8Array | null> {
    try {
      return await readFile(join(this.#folder, this.#name(key)));
    } catch (cause) {
      if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return null;
      throw cause;
    }
  }
}
