import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostSettings, Profile, Store } from '@mailwarden/catalogue';
import { NO_PACE, type Receipt } from '@mailwarden/contracts';
import { withHost } from '@mailwarden/inventory-fs';
import { previewStore, rotateStore, type ApplyRequest, type OrderFacts, type PlannedItem, type Preview } from '@mailwarden/rotation-fs';

/** Bounds that nothing here comes near. */
export const WIDE = { items: 1e9, bytes: 1e15, percent: 100, deadlineSeconds: 3_600 };
/** Age beyond which a file goes. Units: seconds. */
export const OLD_AFTER_S = 1_000;
/** A disk, where the temporary folder may be none. */
const PLACE = existsSync('/var/tmp') ? '/var/tmp' : tmpdir();
/** Others get in, as they do on a mail server. */
const MAY_ENTER = 0o755;

/** Where the store's table lies, as the host's settings name it. */
export interface DatabasePlace {
  readonly port: number;
  readonly user: string;
  readonly passwordFile: string;
}

/** What a request says beside the plain case. */
export type Terms = Partial<Omit<ApplyRequest, 'host' | 'profile' | 'store' | 'journalDir'>> & { readonly store?: Partial<Store>; readonly journalDir?: string };

/** One store of files on a host of its own, rotated in this process or in another one that is told the same folder. */
export class PlainStore {
  readonly store: string;

  constructor(
    readonly root: string,
    private readonly database: DatabasePlace | null = null,
  ) {
    this.store = join(root, 'var/opt/product/backup');
  }

  static make(prefix: string, parent = PLACE, database: DatabasePlace | null = null): PlainStore {
    const made = new PlainStore(mkdtempSync(join(parent, `mailwarden-${prefix}-`)), database);
    chmodSync(made.root, MAY_ENTER);
    mkdirSync(made.store, { recursive: true });
    return made;
  }

  get journalDir(): string {
    return join(this.root, 'journal');
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  /** Carries out an order; the same id again goes on with it. */
  rotate(order: string, terms: Terms = {}): Promise<Receipt> {
    return this.#with(terms, (request) => rotateStore(request, factsOf(order, request)));
  }

  /** The plan alone, its list read to the end while the host is open. */
  preview(terms: Terms = {}): Promise<Omit<Preview, 'list'> & { readonly list: readonly PlannedItem[] }> {
    return this.#with(terms, async (request) => {
      const preview = await previewStore(request);
      return { ...preview, list: [...(preview.list ?? [])] };
    });
  }

  #with<T>({ store: part = {}, ...terms }: Terms, use: (request: ApplyRequest) => Promise<T>): Promise<T> {
    const rows = this.database === null ? {} : { kind: 'pair', rows: ROWS };
    const store = { ...STORE, ...rows, ...part } as unknown as Store;
    return withHost(this.root, { databases: this.#databases() }, (host) => use({ ...this.#plainTerms(), host, profile: { id: 'product', accounts: { service: 'product', others: [], groups: [] }, stores: [store] } as unknown as Profile, store, ...terms }));
  }

  #plainTerms(): Omit<ApplyRequest, 'host' | 'profile' | 'store'> {
    return { watermarks: [{ kind: 'age', limit: OLD_AFTER_S, target: OLD_AFTER_S }], clock: 'modified', keep: { newest: 0, youngerThanSeconds: 0 }, bounds: WIDE, holds: [], exclude: [], overwrite: false, orphans: 'keep', pace: NO_PACE, marked: null, stop: null, issuedAtMs: Date.now(), hashKey: Buffer.from('key'), now: Date.now, journalDir: this.journalDir };
  }

  #databases(): HostSettings['databases'] {
    return this.database === null ? {} : { backup: { host: '127.0.0.1', name: 'postgres', ...this.database } };
  }
}

const STORE = {
  id: 'backup', section: 'Backup', kind: 'files', statedDirectories: null, files: ['/var/opt/product/backup/**'], exclude: [], active: [], rotateActive: null, units: [], messages: false, rows: null, lineRecords: false, dataCategories: null,
  duration: { kind: 'not-stated' }, limits: [], configuredLimits: [], protection: { accounts: null, groups: [], source: null }, clock: 'modified', rotatable: true, quietPeriodSeconds: 10, notes: [],
};
const ROWS = { database: { engine: 'postgresql', socket: '', name: 'backup', user: '' }, relation: 'public.backup', keyColumn: 'id', timeColumn: 'stored_at', timeUnit: 'timestamp', fileColumn: 'file' };

const factsOf = (order: string, { bounds }: ApplyRequest): OrderFacts => ({ id: order, server: 'mx-1', profile: 'product', store: 'backup', bounds, policy: { name: 'cap' } }) as unknown as OrderFacts;

export const newOrder = (): string => randomUUID();
