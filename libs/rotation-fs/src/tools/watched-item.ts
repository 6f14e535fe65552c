import { closeSync, constants, fstatSync, fsyncSync, openSync, type Stats } from 'node:fs';
import type { SkipReason } from '@mailwarden/contracts';
import type { BytePath } from '@mailwarden/inventory';
import { closeDirectory, entryPath, openDirectoryBeneath, statEntry, type Directory, type Host } from '@mailwarden/inventory-fs';
import { err, ok, type Result } from '@mailwarden/kernel';
import { FolderHand } from '@mailwarden/linux';
import type { ToolItem } from '../journal/journal.js';
import { decoded } from './tool-item.js';

/** A descriptor that reads nothing and changes nothing, and keeps the file known while another program deletes its names. Source: asm-generic/fcntl.h, open(2). */
const O_PATH = 0o10000000;

/** Two ways of reading one moment may round it differently. */
const SAME_MOMENT_MS = 0.01;

const folderOf = (path: BytePath): BytePath => path.slice(0, path.lastIndexOf('/'));
const nameOf = (path: BytePath): BytePath => path.slice(path.lastIndexOf('/') + 1);
const isSame = (stat: Stats, item: ToolItem): boolean => stat.isFile() && stat.dev === item.dev && stat.ino === item.ino && stat.size === item.size && Math.abs(stat.mtimeMs - item.mtimeMs) < SAME_MOMENT_MS;

function inFolder<T>(host: Host, path: BytePath, use: (directory: Directory) => T): T | null {
  const opened = openDirectoryBeneath(host.root, folderOf(path));
  if (!opened.ok) return null;
  try {
    return use(opened.value.directory);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw cause;
  } finally {
    closeDirectory(opened.value.directory);
  }
}

/** A planned file, held while the product's tool works, so that what became of it can be told from the file itself and not from its name. */
export class WatchedItem {
  private constructor(
    readonly item: ToolItem,
    private readonly fd: number,
  ) {}

  /** Errors: why the file that was planned is not to be given to the tool. */
  static open(host: Host, item: ToolItem): Result<WatchedItem, SkipReason> {
    const path = decoded(item.path);
    const fd = inFolder(host, path, (folder) => openSync(entryPath(folder, nameOf(path)), O_PATH | constants.O_NOFOLLOW));
    if (fd === null) return err('vanished');
    const stat = fstatSync(fd);
    if (isSame(stat, item) && stat.nlink === 1) return ok(new WatchedItem(item, fd));
    closeSync(fd);
    return err(isSame(stat, item) && stat.nlink > 1 ? 'hard-linked' : 'changed-since-plan');
  }

  /** True when no name leads to the file any more: it was deleted, not renamed and not carried to another folder. */
  get isDeleted(): boolean {
    return fstatSync(this.fd).nlink === 0;
  }

  close(): void {
    closeSync(this.fd);
  }
}

/** Whether the planned file is at its place still, whatever the number of its device is by now. */
export const isAtItsPlace = (host: Host, item: ToolItem): boolean => {
  const path = decoded(item.path);
  const stat = inFolder(host, path, (folder) => statEntry(folder, nameOf(path)));
  return stat !== null && stat.ino === item.ino;
};

/** When the file at an item's place was made; 0 where that is not told, or it is another file by now. Units: milliseconds since 1970. */
export const bornAtPlace = (host: Host, item: ToolItem): number => {
  const [path, hand] = [decoded(item.path), new FolderHand()];
  const looked = inFolder(host, path, (folder) => hand.look(folder.fd, nameOf(path)));
  return looked === 0 && hand.facts.ino === item.ino ? hand.facts.birthtimeMs : 0;
};

/** Makes what a tool deleted outlive a power cut. */
export function syncFolders(host: Host, items: readonly ToolItem[]): void {
  for (const folder of new Set(items.map((item) => folderOf(decoded(item.path))))) inFolder(host, `${folder}/`, (directory) => fsyncSync(directory.fd));
}
