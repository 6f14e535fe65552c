import { createHash } from 'node:crypto';
import type { BytePath } from '@mailwarden/inventory';
import type { FoundForMemory } from '../walk/place-sum.js';
import type { StoreOutline } from '../walk/store-map.js';
import type { RememberedFolders } from '../walk/walk-plan.js';
import { loadMemory, MEMORY_BYTES_MAX, saveMemory } from './memory-file.js';
import type { MemoryHead, StoreBefore } from './memory-head.js';
import { MemoryIndex, memoryLine } from './memory-index.js';

/** How memory of earlier scans is kept and trusted. */
export interface MemoryTerms {
  /** Folder of its own for memories; made where it is not there. */
  readonly folder: string;
  /** Each folder is read again after this long, whether or not it shows a change. Units: hours. */
  readonly fullEveryHours: number;
  /** Files that changed within this time before a look are looked at again in the next one. Units: seconds. */
  readonly watchSeconds?: number;
  /** A folder that changed so shortly before it was read is read again: clocks of file systems stand still for moments. Units: milliseconds. */
  readonly settleMs?: number;
}

export const WATCH_SECONDS = 86_400;
/** The coarsest clock in use, that of FAT. Units: milliseconds. */
export const SETTLE_MS = 2_000;
const HOUR_MS = 3_600_000;
/** Files with names elsewhere that are kept in mind; above it they are looked for in each scan. */
const ELSEWHERE_MAX = 100_000;
const NAME_CHARACTERS = 24;
const NOTHING = new Uint8Array(new SharedArrayBuffer(0));

const digestOf = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');

/** What a memory is about. That of another root or profile is another file; one of the same profile with other stores takes the place of what it was. */
export interface MemorySubject {
  readonly name: string;
  readonly about: string;
}

export const memorySubject = (parts: { root: string; profile: string; stores: readonly StoreOutline[]; readAcls: boolean }): MemorySubject => ({
  name: `scan-${digestOf([parts.root, parts.profile]).slice(0, NAME_CHARACTERS)}.memory`,
  about: digestOf([parts.root, parts.stores, parts.readAcls]),
});

/** Memory of the scan before: read when a scan begins, written anew when it ends. */
export class HostMemory {
  #head: MemoryHead | null = null;
  #lines: Uint8Array<SharedArrayBuffer> = NOTHING;
  #index: MemoryIndex | null = null;
  #notice: string | null = null;

  constructor(
    private readonly terms: MemoryTerms,
    private readonly subject: MemorySubject,
    private readonly nowMs: number,
  ) {
    const loaded = loadMemory(terms.folder, subject.name);
    if (!loaded.ok) {
      if (loaded.error.kind === 'useless') this.#notice = `the memory of earlier scans was thrown away: ${loaded.error.why}`;
    } else if (loaded.value.head.about !== subject.about) this.#notice = 'the memory of earlier scans was thrown away: it is about other stores';
    else if (loaded.value.head.scannedMs > nowMs) this.#notice = "the memory of earlier scans was thrown away: the host's clock went back";
    else {
      this.#head = loaded.value.head;
      this.#lines = loaded.value.lines;
    }
  }

  /** What became of the memory, where it is worth saying. */
  get notice(): string | null {
    return this.#notice;
  }

  tell(notice: string): void {
    this.#notice ??= notice;
  }

  get index(): MemoryIndex {
    this.#index ??= new MemoryIndex(this.#lines);
    return this.#index;
  }

  before(store: string): StoreBefore | null {
    return this.#head?.stores[store] ?? null;
  }

  isElsewhere(key: string): boolean {
    this.#elsewhere ??= new Set(this.#head?.elsewhere);
    return this.#elsewhere.has(key);
  }
  #elsewhere: Set<string> | null = null;

  foldersFor(doubted: ReadonlySet<BytePath>): RememberedFolders {
    return {
      lines: this.#lines,
      doubted,
      readAgainBeforeMs: this.nowMs - this.terms.fullEveryHours * HOUR_MS,
      watchFromMs: this.nowMs - (this.terms.watchSeconds ?? WATCH_SECONDS) * 1000,
      settleMs: this.terms.settleMs ?? SETTLE_MS,
      oldestFirst: this.#head?.complete === false,
    };
  }

  /** Keeps what was found for the next scan. What goes wrong is told, and costs the next scan its memory and nothing else. */
  async keep(found: readonly FoundForMemory[], parts: { complete: boolean; stores: Record<string, StoreBefore>; elsewhere: readonly string[] }): Promise<void> {
    const head: MemoryHead = { format: 'mailwarden-memory/1', about: this.subject.about, scannedMs: this.nowMs, complete: parts.complete, stores: parts.stores, elsewhere: parts.elsewhere.slice(0, ELSEWHERE_MAX) };
    let lines = this.#linesOf(found);
    if (lines.reduce((bytes, line) => bytes + line.length, 0) > MEMORY_BYTES_MAX / 2) {
      this.tell('the memory of this scan is too large and was not kept');
      lines = [];
    }
    try {
      await saveMemory(this.terms.folder, this.subject.name, head, lines);
    } catch (cause) {
      this.tell(`the memory of this scan could not be kept (${(cause as NodeJS.ErrnoException).code ?? 'unknown'})`);
    }
  }

  #linesOf(found: readonly FoundForMemory[]): string[] {
    const again = (path: BytePath, lookedMs: number): string[] => {
      const text = this.index.textOf(path);
      return text === null ? [] : [memoryLine(lookedMs, path, text)];
    };
    return found.flatMap(({ lines, kept, stale }) => [...lines, ...kept.flatMap((path) => again(path, this.nowMs)), ...stale.flatMap((path) => again(path, this.index.lookedMs(path)))]);
  }
}
