import type { BytePath } from '@mailwarden/inventory';
import type { Host } from '@mailwarden/inventory-fs';
import { err, ok, type Result } from '@mailwarden/kernel';
import type { Journal } from '../journal/journal.js';
import { isSameFolderOfOurs, type FolderIdentity } from './own-folder.js';
import { PrivateFolder } from './private-folder.js';

export const encoded = (bytes: BytePath): string => Buffer.from(bytes, 'latin1').toString('base64');
export const decoded = (text: string): BytePath => Buffer.from(text, 'base64').toString('latin1');

/** The executor's own folders of one order, one for each folder that its store consists of, by their place among the journal's `private-folder` records. */
export class PrivateFolders {
  readonly #open = new Map<number, PrivateFolder>();
  readonly #places = new Map<BytePath, number>();

  constructor(
    private readonly host: Pick<Host, 'root'>,
    private readonly order: string,
    private readonly journal: Journal,
  ) {}

  /** Opens or makes the folders of these roots, and notes each before anything is moved into it. Errors: why one cannot be had. */
  prepare(roots: readonly BytePath[]): Result<void, string> {
    for (const root of roots) {
      if (this.#places.has(root)) continue;
      const noted = this.journal.records.filter((record) => record.kind === 'private-folder');
      const placeOf = (identity: FolderIdentity): number => noted.findLastIndex((record) => decoded(record.root) === root && isSameFolderOfOurs(record, identity));
      const opened = PrivateFolder.open(this.host, root, this.order, (identity) => placeOf(identity) !== -1);
      if (!opened.ok) return opened;
      const { identity } = opened.value;
      const known = placeOf(identity);
      if (known === -1) this.journal.write({ kind: 'private-folder', root: encoded(root), ...identity });
      this.#add(known === -1 ? noted.length : known, opened.value);
    }
    return ok(undefined);
  }

  /** Opens the very folders that an earlier run made. Errors: which is gone. */
  reopen(places: readonly number[]): Result<void, string> {
    const records = this.journal.records.filter((record) => record.kind === 'private-folder');
    for (const place of places) {
      const record = records[place];
      if (record === undefined) return err('the journal names a folder that it never told of');
      const opened = PrivateFolder.reopen(this.host, decoded(record.root), this.order, record);
      if (!opened.ok) return opened;
      this.#add(place, opened.value);
    }
    return ok(undefined);
  }

  placeOf(root: BytePath): number {
    const place = this.#places.get(root);
    if (place === undefined) throw new Error('a folder of the store was not prepared');
    return place;
  }

  at(place: number): PrivateFolder {
    const folder = this.#open.get(place);
    if (folder === undefined) throw new Error('a folder of the order is not open');
    return folder;
  }

  /** What the open folders lie on, each once. */
  fileSystems(): string[] {
    return [...new Set([...this.#open.values()].map((folder) => folder.fileSystem.type))];
  }

  /** Whether one sync of a folder is enough, and cheap, wherever the open folders lie. */
  areOrdered(): boolean {
    return [...this.#open.values()].every((folder) => folder.fileSystem.isOrdered);
  }

  sync(): void {
    for (const folder of this.#open.values()) folder.sync();
  }

  /** Removes the folders that are empty. After trouble they stay, with what is in them: the next run of the order looks for them. */
  close(how: 'remove' | 'leave'): void {
    for (const folder of this.#open.values()) {
      if (how === 'remove') folder.close();
      else folder.release();
    }
    this.#open.clear();
    this.#places.clear();
  }

  /** Removes what an earlier run of the order made in these roots and had no time to remove: it is empty, or it stays. */
  removeForgotten(roots: readonly BytePath[]): void {
    for (const root of roots) if (!this.#places.has(root)) PrivateFolder.find(this.host, root, this.order)?.close();
  }

  #add(place: number, folder: PrivateFolder): void {
    this.#open.set(place, folder);
    this.#places.set(folder.root, place);
  }
}
