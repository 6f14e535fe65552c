import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync, statSync, utimesSync, writeSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Store } from '@mailwarden/catalogue';
import type { Receipt } from '@mailwarden/contracts';
import { newOrder, type PlainStore, type Terms } from '../plain-store.js';
import type { Ground } from './crash-ground.js';

const MINUTE_MS = 60_000;
const FIRST_AT_MS = Date.parse('2024-01-01T00:00:00Z');
const LONGEST = 400;
const STEP = 7_919;
/** Written in turns with another file, and each piece synced: so the file lies in as many pieces. Units: lines. */
const LINES_A_PIECE = 20;
const NAME = 'decisions.log';

const line = (number: number): string => `${new Date(FIRST_AT_MS + number * MINUTE_MS).toISOString()} acme[1]: line ${number} ${'x'.repeat(20 + ((number * STEP) % LONGEST))}`;

/** A file of so many lines, of which the newest stay. */
export interface LineSize {
  readonly lines: number;
  readonly kept: number;
}

/** One order that trims a file in many pieces, and what must be so in the end. */
export class LineGround implements Ground {
  readonly order = newOrder();
  readonly terms: Terms;

  private constructor(
    private readonly host: PlainStore,
    private readonly size: LineSize,
    journalDir: string,
  ) {
    const store = { kind: 'records', lineRecords: true, clock: 'recorded', active: [`/var/opt/product/backup/${NAME}`] } as unknown as Partial<Store>;
    this.terms = { store, watermarks: [{ kind: 'records', limit: size.kept, target: size.kept }], clock: 'recorded', journalDir };
  }

  static make(host: PlainStore, size: LineSize, journalDir: string): LineGround {
    const ground = new LineGround(host, size, journalDir);
    const beside = join(host.root, 'beside');
    for (const folder of [host.store, beside]) rmSync(folder, { recursive: true, force: true });
    for (const folder of [host.store, beside]) mkdirSync(folder);
    const files = [ground.#file, join(beside, NAME)].map((path) => openSync(path, 'a'));
    for (let at = 0; at < size.lines; at += LINES_A_PIECE) {
      const piece = Array.from({ length: Math.min(LINES_A_PIECE, size.lines - at) }, (_, index) => `${line(at + index)}\n`).join('');
      for (const fd of files) {
        writeSync(fd, piece);
        fsyncSync(fd);
      }
    }
    for (const fd of files) closeSync(fd);
    const writtenAtS = (FIRST_AT_MS + size.lines * MINUTE_MS) / 1_000;
    utimesSync(ground.#file, writtenAtS, writtenAtS);
    execFileSync('/usr/bin/sync', ['-f', host.store]);
    return ground;
  }

  /** A line that is in the middle of a cut may be parted by zeros until the next run: only what it says of itself is looked at then. */
  wrongBetween(): string[] {
    return statSync(this.#file).size === 0 ? ['the file is empty'] : [];
  }

  /** What is wrong with the last account: each line must be there whole and not told, or told and gone. */
  wrongWith(receipt: Receipt): Promise<string[]> {
    const found = readFileSync(this.#file, 'latin1').split('\n').filter((text) => text.trim() !== '');
    const stays = Array.from({ length: this.size.kept }, (_, index) => line(this.size.lines - this.size.kept + index));
    const strange = found.filter((text, place) => text !== stays[place]);
    const gone = this.size.lines - this.size.kept;
    return Promise.resolve([
      ...(receipt.outcome === 'completed' ? [] : [`the last run ended as ${receipt.outcome}: ${receipt.reason}`]),
      ...(receipt.notes ?? []).map((note) => `it said: ${note}`),
      ...(receipt.deleted.items === gone ? [] : [`${receipt.deleted.items} lines were told as deleted, and not ${gone}`]),
      ...(found.length === stays.length && strange.length === 0 ? [] : [`${found.length} lines are left where ${stays.length} were to stay; the first that is another: ${JSON.stringify(strange[0]?.slice(0, LONGEST))}`]),
    ]);
  }

  leftOfOurs = (): string[] => readdirSync(this.host.store).filter((name) => name.startsWith('.mailwarden-')).map((name) => `${name} was left behind`);

  get #file(): string {
    return join(this.host.store, NAME);
  }
}
