import type { SkipReason } from '@mailwarden/contracts';
import { compilePatterns, type BytePath, type PatternSet } from '@mailwarden/inventory';
import type { Directory } from '@mailwarden/inventory-fs';
import { EntryFacts, factsOf, FolderReader } from '@mailwarden/linux';
import type { RotateRequest } from '../rotate-request.js';
import { openForWriting } from './open-for-writing.js';
import { surveyUnit } from './unit-folder.js';
import { identityOf } from './why-not.js';

/** A folder that is one item, as a plan knows it. Units: bytes, allocated for `allocated`; milliseconds since 1970. */
export interface UnitItem {
  readonly facts: { readonly dev: number; readonly ino: number; readonly size: number; readonly allocated: number; readonly mtimeMs: number };
  /** How old it is by the declared clock: as old as its youngest part. NaN by a clock that files themselves do not have. */
  readonly atMs: number;
  readonly reason: SkipReason | null;
}

/** Which folders of a store are items; none of most stores. */
export const unitPatterns = ({ store }: Pick<RotateRequest, 'store'>): PatternSet | null => (store.units.length === 0 ? null : compilePatterns(store.units));

/** Looks at folders that are items, with everything that keeps one of them from this order. */
export class UnitJudge {
  readonly #excluded: PatternSet;
  readonly #writing = openForWriting();
  readonly #facts = new EntryFacts();
  readonly #reader = new FolderReader();

  constructor(
    private readonly request: Pick<RotateRequest, 'store' | 'exclude' | 'marked' | 'clock'>,
    private readonly nowMs: number,
  ) {
    this.#excluded = compilePatterns(request.exclude);
  }

  /** Stops now and then, so that others come in between. */
  *look(directory: Directory, path: BytePath): Generator<void, UnitItem, void> {
    factsOf(directory.fd, this.#facts);
    const { dev, ino, mtimeMs, ctimeMs, birthtimeMs } = this.#facts;
    const isWritten = (part: EntryFacts): boolean => this.#writing.has(part.dev, part.ino);
    const { bytes, size, newestMs, atMs, blocked } = yield* surveyUnit(directory, { mtimeMs, ctimeMs, birthtimeMs }, { reader: this.#reader, clock: this.request.clock, isWritten, untilBlocked: false });
    const facts = { dev, ino, size, allocated: bytes, mtimeMs: newestMs };
    return { facts, atMs, reason: this.#reason(path, facts) ?? blocked };
  }

  #reason(path: BytePath, facts: UnitItem['facts']): SkipReason | null {
    const { store, marked, exclude } = this.request;
    // What is left out may lie in the folder as well as be it: then the whole stays.
    if (exclude.length > 0 && (this.#excluded.matches(path) || this.#excluded.mayHold(path))) return 'excluded';
    if (facts.mtimeMs > this.nowMs - store.quietPeriodSeconds * 1000) return 'in-quiet-period';
    return marked === null || marked.has(path, identityOf(facts)) ? null : 'in-grace';
  }
}
