import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { extname, join, relative } from 'node:path';
import type { Readable } from 'node:stream';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
  '.webmanifest': 'application/manifest+json',
};

/** One file of the console as it is sent. */
export interface ConsoleFile {
  readonly type: string;
  /** Files whose name carries their hash never change. */
  readonly cacheControl: string;
  open(): Readable;
}

/**
 * The files of the built console, listed once at start.
 * Safety: only what was listed is ever opened, so no address can name another file.
 */
export class ConsoleFiles {
  private constructor(private readonly files: ReadonlyMap<string, ConsoleFile>) {}

  /** Without a folder there is no console, and every address answers that there is nothing. */
  static async below(folder: string | undefined): Promise<ConsoleFiles> {
    const files = new Map<string, ConsoleFile>();
    for (const path of folder === undefined ? [] : await listed(folder)) {
      const address = `/${relative(folder ?? '', path).replaceAll('\\', '/')}`;
      const cacheControl = address.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
      files.set(address, { type: TYPES[extname(path)] ?? 'application/octet-stream', cacheControl, open: () => createReadStream(path) });
    }
    return new ConsoleFiles(files);
  }

  /** The file of an address; any other address of a page is the console itself, which knows its own pages. */
  of(address: string): ConsoleFile | undefined {
    const exact = this.files.get(address);
    if (exact !== undefined || extname(address) !== '') return exact;
    return this.files.get('/index.html');
  }
}

async function listed(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return [];
  }
}
