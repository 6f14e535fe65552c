import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { setImmediate as turn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { errorName, FolderHand } from '@mailwarden/linux';
import type { IntendedMove } from '../journal/packed-moves.js';
import type { Ending } from '../patience.js';
import { StoreInTrouble, type PrivateFolder } from './private-folder.js';
import { removeShare, type SlotShare } from './slot-share.js';
import type { Tempo } from './tempo.js';
import { removeUnit } from './unit-folder.js';

/** Suites run from source; a thread of theirs needs what reads it. */
const FROM_SOURCE = import.meta.url.endsWith('.ts');
const ENTRY = new URL(FROM_SOURCE ? './slot-thread.ts' : './slot-thread.js', import.meta.url);
const SOURCE_READER = new URL('../../../../scripts/from-source.mjs', import.meta.url);
/** It keeps nothing. Units: MiB. */
const HEAP_MIB_MAX = { young: 4, old: 32 } as const;
/** A thread takes as long to start as deleting so many files. */
const ITEMS_FOR_THREAD = 4_096;
/** Between so many files others have a turn, so that a signal is heard. */
const FILES_PER_GO = 1_024;

/** Of a folder that is being emptied: an entry came meanwhile, one lies deeper than any that is planned, or something was mounted in it. */
const LAID_SINCE: ReadonlySet<string> = new Set(['ENOTEMPTY', 'EEXIST', 'EISDIR', 'EBUSY', 'other-file-system']);
const UNIT_TRIES_MAX = 3;
const GONE: ReadonlySet<string> = new Set(['ENOENT', 'absent']);

/** Deletes one folder that is an item. Returns why a part of it is still there; null when it is gone. */
function removed(folder: PrivateFolder, slot: number): string | null {
  try {
    removeUnit(folder.directory, String(slot));
    return null;
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'EIO';
    return GONE.has(code) ? null : code;
  }
}

const say = (port: Worker, message: SlotShare | null): void => port.postMessage(message);

/** Deletes what lies in our own folders: with a second thread where there is much of it and a second core, and at a pace where one is asked for. */
export class SlotRemover {
  readonly #hand = new FolderHand();
  #thread: Worker | null = null;
  #returned = 0;

  constructor(private readonly tempo: Tempo) {}

  /** Says how much there will be to do; from then on a second thread may help. */
  expect(items: number): void {
    if (this.#thread !== null || items < ITEMS_FOR_THREAD || this.tempo.isBound || availableParallelism() < 2) return;
    this.#thread = new Worker(ENTRY, { execArgv: FROM_SOURCE ? ['--import', SOURCE_READER.href] : [], resourceLimits: { maxYoungGenerationSizeMb: HEAP_MIB_MAX.young, maxOldGenerationSizeMb: HEAP_MIB_MAX.old }, trackUnmanagedFds: false });
    this.#thread.unref();
  }

  /** Deletes taken files of one of our own folders. Returns what was not come to, since the batch is to end. Errors: throws what the kernel says; then some are still there, and the next run of the order goes on. */
  async remove(folder: PrivateFolder, moves: readonly IntendedMove[], ending: Ending): Promise<readonly IntendedMove[]> {
    const [files, units] = [moves.filter(({ isUnit }) => isUnit !== true), moves.filter(({ isUnit }) => isUnit === true)];
    const left = this.tempo.isBound ? await this.#oneByOne(folder, files, ending) : await this.#inGoes(folder, files, ending);
    for (const [index, unit] of units.entries()) {
      if (ending.stopped() !== null) return [...left, ...units.slice(index)];
      await this.#whole(folder, unit, ending);
    }
    return left;
  }

  /** What a receipt says about it. */
  get notes(): string[] {
    return this.#returned === 0 ? [] : [`${this.#returned} folders that were deleted as a whole got new parts meanwhile, by who held them open: what came was not deleted, and lies in the store's own folder`];
  }

  /** A folder that is one item, bottom up. Whoever holds it open may lay in it what cannot be deleted: that was never planned, goes back, and keeps no order open. */
  async #whole(folder: PrivateFolder, { n, bytes }: IntendedMove, { leftMs }: Ending): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      const code = removed(folder, n);
      if (code === null) break;
      if (!LAID_SINCE.has(code)) throw new StoreInTrouble(code);
      if (tries < UNIT_TRIES_MAX) continue;
      folder.putBack(null, '', n);
      this.#returned += 1;
      break;
    }
    await this.tempo.after(bytes, 1, leftMs());
  }

  async end(): Promise<void> {
    const thread = this.#thread;
    this.#thread = null;
    if (thread === null) return;
    const ended = once(thread, 'exit');
    thread.ref();
    say(thread, null);
    await ended;
  }

  async #oneByOne(folder: PrivateFolder, moves: readonly IntendedMove[], { stopped, leftMs }: Ending): Promise<readonly IntendedMove[]> {
    for (const [index, move] of moves.entries()) {
      if (stopped() !== null) return moves.slice(index);
      const error = this.#hand.unlink(folder.directory.fd, String(move.n));
      if (error !== 0 && errorName(error) !== 'ENOENT') throw new StoreInTrouble(errorName(error));
      await this.tempo.after(move.bytes, 1, leftMs());
    }
    return [];
  }

  async #inGoes(folder: PrivateFolder, moves: readonly IntendedMove[], { stopped }: Ending): Promise<readonly IntendedMove[]> {
    for (let at = 0; at < moves.length; at += FILES_PER_GO) {
      if (at > 0) await turn();
      if (stopped() !== null) return moves.slice(at);
      await this.#together(folder, moves.slice(at, at + FILES_PER_GO));
    }
    return [];
  }

  async #together(folder: PrivateFolder, moves: readonly IntendedMove[]): Promise<void> {
    const slots = new Uint32Array(new SharedArrayBuffer(moves.length * Uint32Array.BYTES_PER_ELEMENT));
    for (const [place, move] of moves.entries()) slots[place] = move.n;
    const share: SlotShare = { fd: folder.directory.fd, slots, next: new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)) };
    const thread = this.#thread;
    const answered = thread === null ? null : (once(thread, 'message') as Promise<[string | null]>);
    if (thread !== null) say(thread, share);
    const own = removeShare(this.#hand, share);
    const [others] = (await answered) ?? [null];
    const trouble = own ?? others;
    if (trouble !== null) throw new StoreInTrouble(trouble);
  }
}
