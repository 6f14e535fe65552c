import { setImmediate as turn } from 'node:timers/promises';
import { entryPath } from '@mailwarden/inventory-fs';
import { overwritingIsVain } from '@mailwarden/rotation';
import type { IntendedMove } from '../journal/packed-moves.js';
import { HasSecondName, mediumOf, overwriteFile } from './overwrite-file.js';
import { StoreInTrouble, type PrivateFolder } from './private-folder.js';

const codeOf = (cause: unknown): string => (cause as NodeJS.ErrnoException).code ?? 'EIO';

/** What a file's own account can bring about with a descriptor that it kept, again and again: it runs the file, or has a lease on it. Source: open(2). */
const BUSY: ReadonlySet<string> = new Set(['ETXTBSY', 'EAGAIN']);

/** Writes over what was taken in, before its names go, where an order asks for it and it means something. */
export class Overwriter {
  /** Why it is vain in a folder of ours; null where it is not. */
  readonly #vain = new Map<PrivateFolder, string | null>();
  #files = 0;
  #refused = 0;

  constructor(
    private readonly isWanted: boolean,
    /** Why it is vain on a medium; null where it is not. */
    private readonly isVain = overwritingIsVain,
  ) {}

  /** What a receipt says about it. */
  get notes(): string[] {
    if (!this.isWanted) return [];
    const vain = [...new Set([...this.#vain.values()].flatMap((reason) => (reason === null ? [] : [reason])))];
    const done = this.#files === 0 ? [] : [`${this.#files} files were written over once with zeros; copies in journals, snapshots, backups and replaced sectors stay`];
    const refused = this.#refused === 0 ? [] : [`${this.#refused} files could not be written over before they were deleted: their account gave them a second name meanwhile, under which what they held is still there, or has them in use`];
    return [...done, ...refused, ...vain.map((reason) => `files were not written over, since that would not reach what they held: ${reason}`)];
  }

  /** What its account keeps from being written over is deleted all the same, and told. Errors: throws `StoreInTrouble`; then some are written over and all are still there, and the next run of the order goes on. */
  async over(folder: PrivateFolder, moves: readonly IntendedMove[]): Promise<void> {
    if (!this.isWanted || this.#vainIn(folder) !== null) return;
    for (const { n, dev, ino, isUnit } of moves) {
      // A folder that is one item holds parts of a letter that lies elsewhere as well; its parts are not gone through one by one.
      if (isUnit === true) continue;
      await turn();
      try {
        overwriteFile(entryPath(folder.directory, String(n)), { dev, ino });
        this.#files += 1;
      } catch (cause) {
        if (cause instanceof HasSecondName || BUSY.has(codeOf(cause))) this.#refused += 1;
        else if (codeOf(cause) !== 'ENOENT') throw new StoreInTrouble(codeOf(cause));
      }
    }
  }

  #vainIn(folder: PrivateFolder): string | null {
    const known = this.#vain.get(folder);
    if (known !== undefined) return known;
    const reason = this.isVain(mediumOf(folder.fileSystem.type, folder.identity.dev));
    this.#vain.set(folder, reason);
    return reason;
  }
}
