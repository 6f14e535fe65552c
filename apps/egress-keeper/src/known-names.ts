import { readStateFile, stateFolder, writeStateFile } from '@mailwarden/config';
import { parseIpPrefix } from '@mailwarden/egress';
import { z } from 'zod';
import type { ResolvedName } from './resolve-names.js';

const FILE = 'names.json';
/** Of all names together; beyond it new ones are left out and told. */
const ADDRESSES_IN_ALL_MAX = 60_000;
/** What so many addresses take, and more. Units: bytes. */
const FILE_BYTES_MAX = 8_000_000;
/** An address counts so long after a name last resolved to it: products keep what they once resolved, and name servers that say nothing must not open what is refused. Units: milliseconds. */
export const COUNTS_MS = 7 * 86_400_000;
/** New addresses that one name may bring: so many at once, and so many each hour. In a week they do not fill an endpoint, whoever answers. */
const NEW_AT_ONCE = 512;
const NEW_EACH_HOUR = 64;
const HOUR_MS = 3_600_000;
/** That an address was seen again is kept this often. Units: milliseconds. */
const KEPT_EVERY_MS = 3_600_000;

const keptForm = z.record(z.string(), z.object({ room: z.number().min(0).max(NEW_AT_ONCE), roomAtMs: z.number(), seen: z.record(z.string(), z.number()) }));

interface KnownName {
  readonly seenAtMs: Map<string, number>;
  /** New addresses that may still come now. */
  room: number;
  roomAtMs: number;
}

/** Which addresses the names of endpoints resolved to within a week, kept on disk so that a start without a name server refuses what was refused before. Units: instants in epoch milliseconds. */
export class KnownNames {
  readonly #names = new Map<string, KnownName>();
  /** Names that resolve to more than is taken in. */
  readonly #overfull = new Set<string>();
  #isChanged = false;
  #keptAtMs = 0;

  constructor(private readonly stateDir: string) {}

  /** Returns why nothing of what was kept counts; null where it does, or there was nothing. */
  restore(nowMs: number): string | null {
    try {
      const bytes = readStateFile(stateFolder(this.stateDir), FILE, FILE_BYTES_MAX);
      if (bytes === null) return null;
      for (const [name, { room, roomAtMs, seen }] of Object.entries(keptForm.parse(JSON.parse(bytes.toString('utf8'))))) {
        const addresses = Object.entries(seen).flatMap(([address, atMs]) => (parseIpPrefix(address).ok ? [[address, Math.min(atMs, nowMs)] as const] : []));
        this.#names.set(name, { seenAtMs: new Map(addresses), room, roomAtMs: Math.min(roomAtMs, nowMs) });
      }
      return null;
    } catch (cause) {
      return cause instanceof z.ZodError || cause instanceof SyntaxError ? 'what was kept has another form than this version knows' : cause instanceof Error ? cause.message : 'unknown';
    }
  }

  /** Takes in what names resolve to. What is beyond measure is left out, and `isComplete` says so. Returns whether the filter has to be told of anything: a new address, or that there are more. */
  note(resolved: readonly ResolvedName[], nowMs: number): boolean {
    let inAll = [...this.#names.values()].reduce((sum, { seenAtMs }) => sum + seenAtMs.size, 0);
    let isNews = false;
    for (const { name, addresses } of resolved) {
      if (addresses.length === 0) continue;
      const known = this.#names.get(name) ?? { seenAtMs: new Map<string, number>(), room: NEW_AT_ONCE, roomAtMs: nowMs };
      known.room = Math.min(NEW_AT_ONCE, known.room + ((nowMs - known.roomAtMs) / HOUR_MS) * NEW_EACH_HOUR);
      known.roomAtMs = nowMs;
      let left = 0;
      for (const address of addresses) {
        const isNew = !known.seenAtMs.has(address);
        if (isNew && (known.room < 1 || inAll >= ADDRESSES_IN_ALL_MAX)) {
          left += 1;
          continue;
        }
        known.seenAtMs.set(address, nowMs);
        if (!isNew) continue;
        known.room -= 1;
        inAll += 1;
        isNews = true;
      }
      for (const [address, atMs] of known.seenAtMs) if (nowMs - atMs > COUNTS_MS) known.seenAtMs.delete(address);
      this.#names.set(name, known);
      if ((left === 0) !== this.isComplete(name)) isNews = true;
      if (left === 0) this.#overfull.delete(name);
      else this.#overfull.add(name);
    }
    this.#isChanged ||= isNews;
    if (nowMs - this.#keptAtMs > KEPT_EVERY_MS) this.#isChanged = true;
    return isNews;
  }

  /** Addresses of a name, each with how long it counts on. Units: seconds. */
  addressesOf(name: string, nowMs: number): { readonly address: string; readonly seconds: number }[] {
    return [...(this.#names.get(name)?.seenAtMs ?? [])].flatMap(([address, atMs]) => (nowMs - atMs < COUNTS_MS ? [{ address, seconds: Math.ceil((COUNTS_MS - (nowMs - atMs)) / 1_000) }] : []));
  }

  /** False where a name resolved to addresses for which there was no room. */
  isComplete(name: string): boolean {
    return !this.#overfull.has(name);
  }

  /** Keeps what changed, of these names alone. Errors: throws when it cannot be kept; it counts nevertheless. */
  keep(names: ReadonlySet<string>, nowMs: number): void {
    for (const name of this.#names.keys()) if (!names.has(name)) this.#isChanged = this.#names.delete(name) || this.#isChanged;
    if (!this.#isChanged) return;
    const bytes = Buffer.from(JSON.stringify(Object.fromEntries([...this.#names].map(([name, { seenAtMs, room, roomAtMs }]) => [name, { room, roomAtMs, seen: Object.fromEntries(seenAtMs) }]))));
    // What could not be read again is not written: the file of before is better than none.
    if (bytes.length > FILE_BYTES_MAX) throw new Error(`names that resolved take ${bytes.length} bytes, more than ${FILE_BYTES_MAX}`);
    writeStateFile(stateFolder(this.stateDir), FILE, bytes);
    this.#isChanged = false;
    this.#keptAtMs = nowMs;
  }
}
