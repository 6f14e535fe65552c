import { readStateFile, stateFolder, writeStateFile } from '@mailwarden/config';
import { parseIpPrefix } from '@mailwarden/egress';
import type { ResolvedName } from './resolve-names.js';

const FILE = 'names.json';
/** Units: bytes. */
const FILE_BYTES_MAX = 4_000_000;
/** An address counts so long after a name last resolved to it: products keep what they once resolved, and name servers that say nothing must not open what is refused. Units: milliseconds. */
export const COUNTS_MS = 7 * 86_400_000;
/** New addresses that one name may bring: so many at once, and so many each hour. In a week they do not fill an endpoint, whoever answers. */
const NEW_AT_ONCE = 512;
const NEW_EACH_HOUR = 64;
const HOUR_MS = 3_600_000;
const NAMES_MAX = 1_000;
/** A file that says more was not written here. */
const ADDRESSES_MAX = NEW_AT_ONCE + (COUNTS_MS / HOUR_MS) * NEW_EACH_HOUR;

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

  constructor(private readonly stateDir: string) {}

  /** Returns why nothing of what was kept counts; null where it does, or there was nothing. */
  restore(nowMs: number): string | null {
    try {
      const bytes = readStateFile(stateFolder(this.stateDir), FILE, FILE_BYTES_MAX);
      if (bytes === null) return null;
      const kept = JSON.parse(bytes.toString('utf8')) as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
      for (const [name, addresses] of Object.entries(kept).slice(0, NAMES_MAX)) {
        const seen = Object.entries(addresses).slice(0, ADDRESSES_MAX).flatMap(([address, atMs]) => (parseIpPrefix(address).ok && typeof atMs === 'number' ? [[address, Math.min(atMs, nowMs)] as const] : []));
        this.#names.set(name, { seenAtMs: new Map(seen), room: 0, roomAtMs: nowMs });
      }
      return null;
    } catch (cause) {
      return cause instanceof Error ? cause.message : 'unknown';
    }
  }

  /** Takes in what names resolve to. What is beyond measure is left out, and `isComplete` says so. */
  note(resolved: readonly ResolvedName[], nowMs: number): void {
    for (const { name, addresses } of resolved) {
      if (addresses.length === 0) continue;
      const known = this.#names.get(name) ?? { seenAtMs: new Map<string, number>(), room: NEW_AT_ONCE, roomAtMs: nowMs };
      known.room = Math.min(NEW_AT_ONCE, known.room + ((nowMs - known.roomAtMs) / HOUR_MS) * NEW_EACH_HOUR);
      known.roomAtMs = nowMs;
      let left = 0;
      for (const address of addresses) {
        if (!known.seenAtMs.has(address)) {
          if (known.room < 1) {
            left += 1;
            continue;
          }
          known.room -= 1;
        }
        known.seenAtMs.set(address, nowMs);
      }
      for (const [address, atMs] of known.seenAtMs) if (nowMs - atMs > COUNTS_MS) known.seenAtMs.delete(address);
      this.#names.set(name, known);
      if (left === 0) this.#overfull.delete(name);
      else this.#overfull.add(name);
      this.#isChanged = true;
    }
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
  keep(names: ReadonlySet<string>): void {
    for (const name of this.#names.keys()) if (!names.has(name)) this.#isChanged = this.#names.delete(name) || this.#isChanged;
    if (!this.#isChanged) return;
    writeStateFile(stateFolder(this.stateDir), FILE, Buffer.from(JSON.stringify(Object.fromEntries([...this.#names].map(([name, { seenAtMs }]) => [name, Object.fromEntries(seenAtMs)])))));
    this.#isChanged = false;
  }
}
