import { chmodSync, chownSync, closeSync, fchmodSync, fchownSync, fdatasyncSync, lstatSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, unlinkSync, utimesSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { LetterTable } from '../database/product-tables.js';
import type { Owner, Owners } from './owners.js';

/** A path below the server's root. Names are bytes; text is written as UTF-8. */
export type TreePath = string | Buffer;

export const PAIR_FOLDERS: Readonly<Record<LetterTable, string>> = {
  backup: '/var/opt/kaspersky/klms/backup',
  asp_quarantine: '/var/opt/kaspersky/klms/asp_quarantine',
  kata_quarantine: '/var/opt/kaspersky/klms/kata_quarantine',
};
export const REPORTS_FOLDER = '/var/opt/kaspersky/klms/reports';
export const TRACE_FOLDER = '/var/log/kaspersky/klms';
/** Folders inside Backup whose content is a truth of its own: the generator neither removes nor mends it. */
export const EXPORTED_FOLDER = 'exported';
export const RESTORED_FOLDER = 'restored';
const BLOCK_BYTES = 512;

/** One file that a listing found, by its path below the listed folder. */
export interface ListedFile {
  readonly path: Buffer;
  readonly allocatedBytes: number;
  readonly atMs: number;
}

/** Writes one server's tree. Nothing half-written is ever seen in it: files are made in a folder outside and moved in whole. */
export class ServerTree {
  #serial = 0;

  constructor(
    readonly root: string,
    private readonly staging: string,
    readonly owners: Owners,
  ) {}

  /** Empties the folder that files are made in, of what an ended process left there. */
  clearStaging(): void {
    rmSync(this.staging, { recursive: true, force: true });
    mkdirSync(this.staging, { recursive: true, mode: 0o700 });
  }

  folder(path: string, mode: number, owner: Owner): void {
    const full = join(this.root, path);
    mkdirSync(full, { recursive: true, mode: 0o755 });
    chmodSync(full, mode);
    const given = this.owners.give?.[owner];
    if (given !== undefined) chownSync(full, given.uid, given.gid);
  }

  /** Makes a file outside the tree; nobody sees it before it is placed. */
  make(content: string | Buffer, { mode, owner, atMs, durable }: { readonly mode: number; readonly owner: Owner; readonly atMs?: number; readonly durable?: boolean }): string {
    this.#serial += 1;
    const made = join(this.staging, String(this.#serial));
    const fd = openSync(made, 'w', 0o600);
    try {
      const bytes = typeof content === 'string' ? Buffer.from(content) : content;
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
      fchmodSync(fd, mode);
      const given = this.owners.give?.[owner];
      if (given !== undefined) fchownSync(fd, given.uid, given.gid);
      if (durable === true) fdatasyncSync(fd);
    } finally {
      closeSync(fd);
    }
    if (atMs !== undefined) utimesSync(made, atMs / 1000, atMs / 1000);
    return made;
  }

  place(made: string, path: TreePath): void {
    renameSync(made, this.full(path));
  }

  file(path: TreePath, content: string | Buffer, how: Parameters<ServerTree['make']>[1]): void {
    this.place(this.make(content, how), path);
  }

  rename(from: TreePath, to: TreePath): void {
    renameSync(this.full(from), this.full(to));
  }

  /** Removes one file. False when it is gone already, as after a rotation. */
  remove(path: TreePath): boolean {
    try {
      unlinkSync(this.full(path));
      return true;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw cause;
    }
  }

  full(path: TreePath): Buffer {
    return Buffer.concat([Buffer.from(this.root), typeof path === 'string' ? Buffer.from(path) : path]);
  }

  /** Files of a folder and of the folders in it, oldest first. Folders on the given list and hidden ones (an executor's own) are left out. */
  list(folder: string, leftOut: readonly string[] = []): ListedFile[] {
    const found: ListedFile[] = [];
    const visit = (below: Buffer): void => {
      for (const name of namesIn(this.full(Buffer.concat([Buffer.from(`${folder}/`), below])))) {
        const path = Buffer.concat([below, name]);
        const stat = lstatSync(this.full(Buffer.concat([Buffer.from(`${folder}/`), path])), { throwIfNoEntry: false });
        if (stat?.isFile() === true) found.push({ path, allocatedBytes: stat.blocks * BLOCK_BYTES, atMs: stat.mtimeMs });
        else if (stat?.isDirectory() === true && !name.toString('latin1').startsWith('.') && !leftOut.includes(path.toString())) visit(Buffer.concat([path, Buffer.from('/')]));
      }
    };
    visit(Buffer.alloc(0));
    return found.sort((a, b) => a.atMs - b.atMs);
  }

  /** True while an order is being carried out in a folder: its executor has a folder of its own there. */
  isBeingRotated(folder: string): boolean {
    return namesIn(this.full(folder)).some((name) => name.toString('latin1').startsWith('.mailwarden-'));
  }
}

function namesIn(folder: Buffer): Buffer[] {
  try {
    return readdirSync(folder, { encoding: 'buffer' });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw cause;
  }
}
