import type { BytePath } from '@mailwarden/inventory';
import type { FolderRecord } from './folder-record.js';

const NEWLINE = 0x0a;
const SPACE = 0x20;
/** Said of a folder of which nothing is remembered: it was looked at before all others. */
const NEVER = 0;

interface LinePlace {
  readonly start: number;
  readonly end: number;
  readonly lookedMs: number;
  /** Oldest look at the folder or anything below it. */
  oldestMs: number;
}

/**
 * One line of memory: when the folder was last looked at, how long its path is as JSON, the path, and the record.
 * The path stands apart so that lines can be found without being read.
 */
export function memoryLine(lookedMs: number, path: BytePath, record: string): string {
  const name = JSON.stringify(path);
  return `${lookedMs} ${name.length} ${name} ${record}`;
}

/** Finds remembered folders by their paths, in lines that threads share. */
export class MemoryIndex {
  readonly #text: Buffer;
  readonly #places = new Map<BytePath, LinePlace>();
  #spread = false;

  constructor(lines: Uint8Array) {
    this.#text = Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength);
    for (let start = 0; start < this.#text.length; ) {
      const newline = this.#text.indexOf(NEWLINE, start);
      const end = newline === -1 ? this.#text.length : newline;
      this.#take(start, end);
      start = end + 1;
    }
  }

  get size(): number {
    return this.#places.size;
  }

  get paths(): Iterable<BytePath> {
    return this.#places.keys();
  }

  recordOf(path: BytePath): FolderRecord | null {
    const place = this.#places.get(path);
    return place === undefined ? null : (JSON.parse(this.#textOf(place)) as FolderRecord);
  }

  /** The record as it is written; for folders that stay as they are. */
  textOf(path: BytePath): string | null {
    const place = this.#places.get(path);
    return place === undefined ? null : this.#textOf(place);
  }

  lookedMs(path: BytePath): number {
    return this.#places.get(path)?.lookedMs ?? NEVER;
  }

  /** When the folder, or whatever of what lies below it was looked at longest ago, was looked at. Units: milliseconds since 1970; 0 for never. */
  oldestLookMs(path: BytePath): number {
    if (!this.#spread) this.#spreadUpwards();
    return this.#places.get(path)?.oldestMs ?? NEVER;
  }

  #spreadUpwards(): void {
    this.#spread = true;
    for (const [path, { lookedMs }] of this.#places) {
      for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
        const above = this.#places.get(path.slice(0, slash));
        if (above === undefined || above.oldestMs <= lookedMs) break;
        above.oldestMs = lookedMs;
      }
    }
  }

  #take(start: number, end: number): void {
    const first = this.#text.indexOf(SPACE, start);
    const second = this.#text.indexOf(SPACE, first + 1);
    if (first === -1 || second === -1 || second >= end) return;
    const lookedMs = Number(this.#text.toString('latin1', start, first));
    const nameEnd = second + 1 + Number(this.#text.toString('latin1', first + 1, second));
    const path = JSON.parse(this.#text.toString('latin1', second + 1, nameEnd)) as BytePath;
    this.#places.set(path, { start: nameEnd + 1, end, lookedMs, oldestMs: lookedMs });
  }

  #textOf({ start, end }: LinePlace): string {
    return this.#text.toString('latin1', start, end);
  }
}
