import type { Chance } from '../chance.js';
import { letterRow, type LetterTable } from '../database/product-tables.js';
import { composeMail, letterBytes } from '../mail/compose-mail.js';
import { letterName } from '../mail/hostile-names.js';
import type { PreparedServer } from '../prepare/prepare-server.js';
import { bucketOf } from '../tree/letter-buckets.js';
import { EXPORTED_FOLDER, PAIR_FOLDERS, RESTORED_FOLDER, type ListedFile } from '../tree/server-tree.js';
import { BoundedFolder } from './bounded-folder.js';
import type { Stream } from './stream.js';

const LEFT_ALONE = [EXPORTED_FOLDER, RESTORED_FOLDER];

/** Letters that a store of pairs keeps: a file and its row arrive in the same moment, and leave in the same moment when the product itself makes room. */
export class Letters implements Stream {
  readonly perMinute: number;
  readonly #folder: string;
  readonly #bounded: BoundedFolder;
  /** Unique over restarts: names of an earlier run are still there. */
  readonly #run = Date.now().toString(36);
  #serial = 0;

  constructor(
    private readonly server: PreparedServer,
    private readonly table: LetterTable,
    private readonly chance: Chance,
  ) {
    const truth = server.truth.letters[table];
    this.perMinute = truth.perMinute;
    this.#folder = PAIR_FOLDERS[table];
    this.#bounded = new BoundedFolder(truth.ceilingBytes, () => this.#files());
  }

  async bring(count: number): Promise<void> {
    for (let letter = 0; letter < count; letter += 1) await this.#store();
    await this.#makeRoom(this.#bounded.surplus());
  }

  /**
   * Removes halves whose other half a crash lost, of this process or of its database.
   * What is a truth of the server stays, and while an order is carried out nothing is judged: its halves leave one after the other.
   */
  async mendHalves(): Promise<void> {
    const { tree, database } = this.server;
    const files = new Map(this.#files().map(({ path }) => [path.toString('utf8'), path]));
    const rows = new Set(await database.filesOf(this.table));
    if (tree.isBeingRotated(this.#folder)) return;
    for (const [file, path] of files) if (!rows.has(file)) tree.remove(this.#pathOf(path));
    const lone = [...rows].filter((file) => !files.has(file) && !LEFT_ALONE.some((folder) => file.startsWith(`${folder}/`)));
    if (lone.length > 0) await database.removeLetters(this.table, lone, () => undefined);
  }

  async #store(): Promise<void> {
    const { tree, database, truth } = this.server;
    const atMs = Date.now();
    this.#serial += 1;
    const letter = composeMail(this.chance, { bytes: letterBytes(this.chance, truth.letters[this.table].letterBytesMean), atMs });
    const file = bucketOf(this.table, this.#serial) + letterName(this.chance, `${this.#run}-${this.#serial}`);
    const made = tree.make(letter.bytes, { mode: 0o640, owner: 'service' });
    const path = `${this.#folder}/${file}`;
    await database.addLetter(this.table, letterRow(letter, file, atMs), () => tree.place(made, path), () => tree.remove(path));
    this.#bounded.grewBy(letter.bytes.length);
  }

  async #makeRoom(surplus: readonly ListedFile[]): Promise<void> {
    if (surplus.length === 0) return;
    const files = surplus.map(({ path }) => path.toString('utf8'));
    await this.server.database.removeLetters(this.table, files, () => {
      for (const { path } of surplus) this.server.tree.remove(this.#pathOf(path));
    });
  }

  #files(): ListedFile[] {
    return this.server.tree.list(this.#folder, LEFT_ALONE);
  }

  #pathOf(path: Buffer): Buffer {
    return Buffer.concat([Buffer.from(`${this.#folder}/`), path]);
  }
}
