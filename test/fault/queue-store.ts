import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProductTool, Profile, Store } from '@mailwarden/catalogue';
import type { Receipt } from '@mailwarden/contracts';
import { NO_PACE } from '@mailwarden/contracts';
import { withHost } from '@mailwarden/inventory-fs';
import { refuseOrder, rotateStore, type ApplyRequest, type OrderFacts, type StepWatch } from '@mailwarden/rotation-fs';
import { WIDE } from './plain-store.js';

const SHARED = { timeoutSeconds: 10, exitCodes: [0], account: null, report: null, source: 'manual' } as const;
const KEPT = 5;
const FIRST_NUMBER = 1_000;
const FIRST_AT_S = 1_000_000;

/** A queue of this host that a tool deletes from; `rm` stands for the tool of a product. */
export class QueueStore {
  readonly itemBytes = 4_096;
  readonly folder: string;

  /** The journal may lie on another disk than the queue. */
  constructor(place: string, private readonly journalDir = join(place, 'journal')) {
    this.folder = join(place, 'queue');
    mkdirSync(this.folder, { recursive: true });
  }

  /** Files by the names of a queue, the first the oldest. */
  fill(count: number): string[] {
    return Array.from({ length: count }, (_, number) => {
      const name = `ABC${FIRST_NUMBER + number}`;
      writeFileSync(join(this.folder, name), Buffer.alloc(this.itemBytes));
      utimesSync(join(this.folder, name), FIRST_AT_S + number, FIRST_AT_S + number);
      return name;
    });
  }

  left = (): string[] => readdirSync(this.folder).sort();

  itemTool = (command: readonly string[] = ['/usr/bin/rm', '--']): ProductTool =>
    ({ by: 'item', command, names: { files: [`${this.folder}/**/{id}`], parts: { id: 'postfix-queue-id' } }, give: { by: 'arguments', each: [`${this.folder}/{id}`], before: [], between: [], after: [] }, itemsAtOnce: 4, then: null, otherwise: 'keep', ...SHARED }) as ProductTool;

  /** Chooses by itself, and always these. */
  ruleTool = (names: readonly string[]): ProductTool => ({ by: 'rule', bytes: ['/usr/bin/rm', '-f', '--', ...names.map((name) => join(this.folder, name))], age: null, ...SHARED }) as ProductTool;

  /** Keeps the newest few. */
  rotate(tool: ProductTool, order: string, watch: StepWatch = () => undefined): Promise<Receipt> {
    return this.#with(tool, order, { watch }, rotateStore);
  }

  /** As when the order ran out meanwhile. */
  refuse(tool: ProductTool, order: string, reason: string, now: () => number): Promise<Receipt> {
    return this.#with(tool, order, { now }, (request, facts) => refuseOrder({ journalDir: this.journalDir, now, request }, facts, reason));
  }

  #with(tool: ProductTool, order: string, part: Pick<Partial<ApplyRequest>, 'watch' | 'now'>, use: (request: ApplyRequest, facts: OrderFacts) => Promise<Receipt>): Promise<Receipt> {
    const store = { id: 'hold', section: 'Hold', kind: 'files', statedDirectories: null, files: [`${this.folder}/**`], exclude: [], active: [], rotateActive: null, units: [], messages: false, tool, rows: null, lists: null, lineRecords: false, dataCategories: null, duration: { kind: 'not-stated' }, limits: [], configuredLimits: [], protection: { accounts: null, groups: [], source: null }, clock: 'modified', rotatable: true, quietPeriodSeconds: 10, notes: [] } as unknown as Store;
    const profile = { id: 'product', stores: [store], accounts: { service: 'nobody', others: [], groups: [] } } as unknown as Profile;
    const watermarks = [{ kind: 'bytes' as const, limit: 2 * KEPT * this.itemBytes, target: KEPT * this.itemBytes }];
    const facts = { id: order, server: 'mx-1', profile: 'product', store: 'hold', bounds: WIDE, policy: { name: 'cap' } } as unknown as OrderFacts;
    return withHost('/', { databases: {} }, (host) =>
      use({ host, profile, store, watermarks, clock: 'modified', keep: { newest: 0, youngerThanSeconds: 0 }, bounds: WIDE, holds: [], exclude: [], overwrite: false, orphans: 'keep', pace: NO_PACE, marked: null, stop: null, issuedAtMs: Date.now(), hashKey: Buffer.from('key'), now: Date.now, journalDir: this.journalDir, ...part }, facts),
    );
  }
}
