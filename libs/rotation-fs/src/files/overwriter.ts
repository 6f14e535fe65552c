import { setImmediate as turn } from 'node:timers/promises';
import { entryPath } from '@mailwarden/inventory-fs';
import { overwritingIsVain } from '@mailwarden/rotation';
import type { IntendedMove } from '../journal/packed-moves.js';
import { NO_END } from '../patience.js';
import { HasSecondName, mediumOf, overwriteFile } from './overwrite-file.js';
import { STOPPING, StoreInTrouble, type PrivateFolder } from './private-folder.js';

const codeOf = (cause: unknown): string => (cause as NodeJS.ErrnoException).code ?? 'EIO';

/** What lies there is a link, a pipe or a folder, and not the file that was taken in: then nobody knows what happened. Source: open(2). */
const OTHER_KIND: ReadonlySet<string> = new Set(['ELOOP', 'ENXIO', 'EISDIR']);
/** Whether going on would only meet it again. A quota is that of the file's own account; whatever else is refused says something of the file alone, and would be refused at each try. */
const isStopping = (code: string): boolean => OTHER_KIND.has(code) || (STOPPING.has(code) && code !== 'EDQUOT');

/** Writes over what was taken in, before its names go, where an order asks for it and it means something. */
export class Overwriter {
  /** Why it is vain in a folder of ours; null where it is not. */
  readonly #vain = new Map<PrivateFolder, string | null>();
  #files = 0;
  #refused = 0;

  constructor(
    /** By the order, or by what an earlier run of it began. */
    readonly isWanted: boolean,
    /** Why it is vain on a medium; null where it is not. */
    private readonly isVain = overwritingIsVain,
    private readonly write = overwriteFile,
  ) {}

  /** What a receipt says about it. */
  get notes(): string[] {
    if (!this.isWanted) return [];
    const vain = [...new Set([...this.#vain.values()].flatMap((reason) => (reason === null ? [] : [reason])))];
    const done = this.#files === 0 ? [] : [`${this.#files} files were written over once with zeros; copies in journals, snapshots, backups and replaced sectors stay`];
    const refused = this.#refused === 0 ? [] : [`${this.#refused} files could not be written over before they were deleted: their account gave them a second name meanwhile, under which what they held is still there, or they are in use or sealed against writing, or the kernel refused it for another reason of theirs`];
    return [...done, ...refused, ...vain.map((reason) => `files were not written over, since that would not reach what they held: ${reason}`)];
  }

  /** Whether what is taken into a folder of ours is written over. */
  writesIn(folder: PrivateFolder): boolean {
    return this.isWanted && this.#vainIn(folder) === null;
  }

  /**
   * What cannot be written over is deleted all the same, and told. Returns what was not come to, since the batch is to end.
   * Errors: throws `StoreInTrouble`; then some are written over and all are still there, and the next run of the order goes on.
   */
  async over(folder: PrivateFolder, moves: readonly IntendedMove[], { stopped } = NO_END): Promise<readonly IntendedMove[]> {
    if (!this.writesIn(folder)) return [];
    for (const [index, { n, dev, ino, isUnit }] of moves.entries()) {
      await turn();
      if (stopped() !== null) return moves.slice(index);
      // A folder that is one item holds parts of a letter that lies elsewhere as well; its parts are not gone through one by one.
      if (isUnit === true) continue;
      try {
        this.write(entryPath(folder.directory, String(n)), { dev, ino });
        this.#files += 1;
      } catch (cause) {
        const code = codeOf(cause);
        if (!(cause instanceof HasSecondName) && isStopping(code)) throw new StoreInTrouble(code);
        if (code !== 'ENOENT') this.#refused += 1;
      }
    }
    return [];
  }

  #vainIn(folder: PrivateFolder): string | null {
    const known = this.#vain.get(folder);
    if (known !== undefined) return known;
    const reason = this.isVain(mediumOf(folder.fileSystem.type, folder.identity.dev));
    this.#vain.set(folder, reason);
    return reason;
  }
}
