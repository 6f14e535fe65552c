import { mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Receipt } from '@mailwarden/contracts';
import type { Client } from 'pg';
import { newOrder, type PlainStore, type Terms } from '../plain-store.js';

export const FILE_BYTES = 4_096;
const FIRST_AT_S = 1_600_000_000;

/** What one case has: so many files in so many folders, of which the newest stay. */
export interface CrashSize {
  readonly files: number;
  readonly folders: number;
  readonly kept: number;
  /** Files are written over before they go. */
  readonly overwrite?: true;
}

/** One order on one store that is filled anew, and what must be so in the end. Shape of all that is wrong: in words, none where all is right. */
export interface Ground {
  readonly order: string;
  readonly terms: Terms;
  /** While the executor is dead. */
  wrongBetween(): string[];
  /** With the last account. */
  wrongWith(receipt: Receipt): Promise<string[]>;
  /** Folders of the executor's own that nobody needs any more. */
  leftOfOurs(): string[];
}

/** An order on files or pairs. */
export class CrashGround implements Ground {
  readonly order = newOrder();
  readonly terms: Terms;
  readonly #made: readonly string[];

  private constructor(
    private readonly host: PlainStore,
    private readonly size: CrashSize,
    private client: Client | null,
    journalDir: string,
  ) {
    this.terms = { watermarks: [{ kind: 'bytes', limit: (size.kept + 1) * FILE_BYTES, target: size.kept * FILE_BYTES }], overwrite: size.overwrite === true, journalDir };
    rmSync(host.store, { recursive: true, force: true });
    for (let folder = 0; folder < size.folders; folder += 1) mkdirSync(join(host.store, String(folder)), { recursive: true });
    const content = Buffer.alloc(FILE_BYTES, 'x');
    this.#made = Array.from({ length: size.files }, (_, place) => {
      const name = `${place % size.folders}/letter-${place}`;
      writeFileSync(join(host.store, name), content);
      utimesSync(join(host.store, name), FIRST_AT_S + place, FIRST_AT_S + place);
      return name;
    });
  }

  /** A client makes pairs of the files. */
  static async make(host: PlainStore, size: CrashSize, client: Client | null, journalDir = host.journalDir): Promise<CrashGround> {
    const ground = new CrashGround(host, size, client, journalDir);
    await client?.query('DROP TABLE IF EXISTS public.backup; CREATE TABLE public.backup (id bigserial PRIMARY KEY, stored_at timestamptz NOT NULL, file text NOT NULL)');
    await client?.query('INSERT INTO public.backup (stored_at, file) SELECT to_timestamp(1600000000 + place), name FROM unnest($1::text[]) WITH ORDINALITY AS f(name, place)', [ground.#made]);
    execFileSync('/usr/bin/sync', ['-f', host.store]);
    return ground;
  }

  /** The database came back, and with it another connection. */
  withClient(client: Client): this {
    this.client = client;
    return this;
  }

  /** What is wrong with an account, whatever it says of the end: all that is gone was told, and nothing else. */
  wrongCount(receipt: Receipt): string[] {
    const missing = this.#made.length - this.#there().length;
    return receipt.deleted.items === missing && receipt.deleted.bytes === missing * FILE_BYTES ? [] : [`${missing} files are gone, and ${receipt.deleted.items} of ${receipt.deleted.bytes} bytes were told as deleted`];
  }

  /** What is wrong while the executor is dead: none of what stays may have been touched. */
  wrongBetween(): string[] {
    const there = new Set(this.#there());
    return this.#made.slice(this.#gone).filter((name) => !there.has(name)).map((name) => `${name} was to stay and is not in its place`);
  }

  /** What is wrong with the last account: each planned file must be gone and told, or there and not told. */
  async wrongWith(receipt: Receipt): Promise<string[]> {
    const there = this.#there();
    const stays = this.#made.slice(this.#gone).sort();
    const rows = await this.#rows();
    return [
      ...(receipt.outcome === 'completed' ? [] : [`the last run ended as ${receipt.outcome}: ${receipt.reason}`]),
      ...this.wrongCount(receipt),
      ...(receipt.before.items === this.#made.length && receipt.planned.items === this.#gone ? [] : [`the plan was ${receipt.planned.items} of ${receipt.before.items}, and not ${this.#gone} of ${this.#made.length}`]),
      ...(isSame(there, stays) ? [] : [`${there.length} files are left where ${stays.length} were to stay, or others: ${there.filter((name) => !stays.includes(name)).slice(0, 3).join(', ')}`]),
      ...(rows === null || isSame(rows, there) ? [] : [`${rows.length} rows stand beside ${there.length} files`]),
    ];
  }

  get #gone(): number {
    return this.size.files - this.size.kept;
  }

  /** Folders of the executor's own that nobody needs any more. After a power cut one may be back, and empty. */
  leftOfOurs = (): string[] => readdirSync(this.host.store).filter((name) => name.startsWith('.mailwarden-')).map((name) => `${name} was left behind`);

  /** All files below the store, those in our own folders among them. */
  #there = (): string[] => readdirSync(this.host.store, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name).slice(this.host.store.length + 1)).sort();

  async #rows(): Promise<string[] | null> {
    return this.client === null ? null : (await this.client.query<{ file: string }>('SELECT file FROM public.backup')).rows.map((row) => row.file).sort();
  }
}

const isSame = (one: readonly string[], other: readonly string[]): boolean => one.length === other.length && one.every((name, place) => name === other[place]);
