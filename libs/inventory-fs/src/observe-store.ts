import { createHash } from 'node:crypto';
import type { Store } from '@mailwarden/catalogue';
import type { StoreObservation } from '@mailwarden/contracts';
import { compilePatterns, isSystemAccount, type Account, type Accounts, type CapabilityHolder } from '@mailwarden/inventory';
import { instantOf, keyedHash, known, unknown, type Measured, type Result, type Sha256 } from '@mailwarden/kernel';
import { withRecordAccess } from './access/database-access.js';
import { storeAccess } from './access/store-access.js';
import { closeDirectory, openDirectoryBeneath } from './directory-descriptor.js';
import { fileSystemOf } from './file-system.js';
import type { Host } from './host.js';
import { readQuantity } from './probe/read-probe.js';
import { rowsFound, type RowsFound } from './rows-found.js';
import { CONTENT_NOT_READABLE, type WalkedHost, type WalkedStore } from './store-walk.js';

/** What the observation of every store of a scan draws on. */
export interface ScanContext {
  readonly host: Host;
  /** From the host's own files, or why they are not known. */
  readonly accounts: Result<Accounts, string>;
  /** Accounts that the profile itself names: their names say nothing of a person. */
  readonly profileAccounts: readonly string[];
  /** Key for hashing names of persons; null where nothing leaves the host. */
  readonly hashKey: Uint8Array | null;
  readonly serviceStarted: Measured<unknown>;
  /** Accounts whose processes pass over the rights of files. */
  readonly holders: Measured<readonly CapabilityHolder[]>;
}

const HASH_SHOWN = 12;
const NAME_MAX = 80;
const at = (ms: number | null): ReturnType<typeof instantOf> | null => (ms === null ? null : instantOf(Math.round(ms)));
const NOT_COUNTED = unknown('what is in memory is not counted');

/** How an account is named in what leaves the host. Privacy: a person's account by a keyed hash. */
export function shownName({ hashKey, profileAccounts }: ScanContext): (account: Account) => string {
  return (account) => (hashKey === null || isSystemAccount(account.uid) || profileAccounts.includes(account.name) ? account.name.slice(0, NAME_MAX) : `account-${keyedHash(hashKey, account.name).slice(0, HASH_SHOWN)}`);
}

async function configuredLimits({ host }: ScanContext, store: Store): Promise<StoreObservation['configuredLimits']> {
  return Promise.all(store.configuredLimits.map(async ({ kind, reading }) => ({ kind, limit: await readQuantity(host, reading, kind) })));
}

const mapped = <T, U>(value: Measured<T>, of: (inner: T) => U): Measured<U> => (value.known ? known(of(value.value), value.source) : value);

/** Files full of holes can claim more than can be counted; no reader would take such an observation. */
const countable = (bytes: number): Measured<number> => (Number.isSafeInteger(bytes) ? known(bytes) : unknown('its files claim to be larger than can be counted'));

type Amounts = Pick<StoreObservation, 'items' | 'bytesApparent' | 'bytesAllocated' | 'oldestAt' | 'newestAt'>;

function amountsOf(item: WalkedStore, rows: RowsFound | null): Amounts {
  const { store, tally } = item;
  if (store.kind === 'memory') return { items: NOT_COUNTED, bytesApparent: NOT_COUNTED, bytesAllocated: NOT_COUNTED, oldestAt: NOT_COUNTED, newestAt: NOT_COUNTED };
  if (store.kind === 'table' && rows !== null) {
    const { relation } = rows;
    const bytes = relation.known ? relation.value.bytes : relation;
    return { items: mapped(relation, (r) => r.records), bytesApparent: bytes, bytesAllocated: bytes, oldestAt: mapped(relation, (r) => r.oldestAt), newestAt: mapped(relation, (r) => r.newestAt) };
  }
  if (item.unseen !== null || (!item.present && item.blind.size > 0)) {
    const unseen = unknown(item.unseen ?? `none of it could be read (${[...item.blind.keys()].join(', ')})`);
    return { items: unseen, bytesApparent: unseen, bytesAllocated: unseen, oldestAt: unseen, newestAt: unseen };
  }
  return { items: known(tally.items), bytesApparent: countable(tally.bytesApparent), bytesAllocated: known(tally.bytesAllocated), oldestAt: known(at(tally.oldestMs)), newestAt: known(at(tally.newestMs)) };
}

function leftoversOf({ serviceStarted }: ScanContext, { tally, unseen }: WalkedStore): StoreObservation['leftovers'] {
  if (unseen !== null) return unknown(unseen);
  if (!serviceStarted.known) return unknown(`when the service started is not known: ${serviceStarted.reason}`.slice(0, 500));
  const { items, bytes, oldestMs } = tally.leftovers;
  return known({ items, bytes, oldestAt: at(oldestMs) });
}

/** Kinds that have files to be spread over classes. */
const hasFiles = (store: Store): boolean => store.kind !== 'table' && store.kind !== 'memory';

function linesOf({ lines, blind, unseen }: WalkedStore): Measured<number> {
  if (unseen !== null) return unknown(unseen);
  return blind.has(CONTENT_NOT_READABLE) ? unknown('some of its files could not be read') : known(lines);
}

/** Reasons that come and go: what they hid last time may be seen this time. */
const PASSING: ReadonlySet<string> = new Set(['io-error', 'permission-denied', CONTENT_NOT_READABLE]);

/** Of all that can be seen or of nothing: a digest of what could be read just now would look like a change. */
function digestOf({ contents, blind, unseen }: WalkedStore): Measured<Sha256> {
  if (unseen !== null) return unknown(unseen);
  const hidden = [...blind.keys()].filter((reason) => PASSING.has(reason));
  if (hidden.length > 0) return unknown(`some of it could not be read (${hidden.join(', ')})`);
  return known(createHash('sha256').update([...contents].sort().join('\n')).digest('hex') as Sha256);
}

function accessTo(context: ScanContext, walked: WalkedHost, item: WalkedStore): Promise<StoreObservation['access']> {
  const { store, tally } = item;
  const { accounts, holders, hashKey, profileAccounts } = context;
  const files = storeAccess({ entries: tally.rights, chain: walked.chainOf(item), protection: store.protection, accounts, holders, shownName: shownName(context) });
  return withRecordAccess(files, context.host, store, { accounts: accounts.ok ? accounts.value : null, profileAccounts, hashKey });
}

/** The first of the store's places that is there stands for all of them. */
async function roomOf({ host }: ScanContext, store: Store): Promise<NonNullable<StoreObservation['fileSystem']>> {
  for (const root of compilePatterns(store.files).roots) {
    const opened = openDirectoryBeneath(host.root, root);
    if (!opened.ok) continue;
    try {
      return await fileSystemOf(opened.value.directory);
    } finally {
      closeDirectory(opened.value.directory);
    }
  }
  return unknown('none of its folders can be opened');
}

/** Turns what the walk and the product's tables say of one store into its observation. */
export async function observeStore(context: ScanContext, walked: WalkedHost, item: WalkedStore): Promise<StoreObservation> {
  const { store, tally } = item;
  const rows = await rowsFound(context.host, item);
  return {
    id: store.id,
    kind: store.kind,
    present: item.present || rows?.relation.known === true || store.kind === 'memory',
    ...amountsOf(item, rows),
    ...(rows !== null ? { records: mapped(rows.relation, (r) => r.records) } : store.lineRecords ? { records: linesOf(item) } : {}),
    configuredLimits: await configuredLimits(context, store),
    access: await accessTo(context, walked, item),
    ...(store.kind === 'temporary' ? { leftovers: leftoversOf(context, item) } : {}),
    ...(rows?.orphans != null ? { orphans: item.unseen === null ? rows.orphans : unknown(item.unseen) } : {}),
    ...(store.kind === 'configuration' && item.present ? { contentDigest: digestOf(item) } : {}),
    ...(hasFiles(store) && item.unseen === null && item.present ? { fileSystem: await roomOf(context, store) } : {}),
    ...(hasFiles(store) && item.unseen === null ? { ages: tally.ages, sizes: tally.sizes } : {}),
    skipped: [...tally.skipped].map(([reason, items]) => ({ reason, items })),
    unknown: [
      ...(item.unseen === null ? [] : [{ what: 'part of the store', why: item.unseen }]),
      ...[...item.blind].map(([reason, places]) => ({ what: 'part of the store', why: `${places} places could not be read (${reason})` })),
      ...(tally.rights.length > 0 && !context.accounts.ok ? [{ what: 'who gets in', why: context.accounts.error }] : []),
      ...(rows !== null && !rows.relation.known ? [{ what: 'records', why: rows.relation.reason }] : []),
    ],
  };
}
