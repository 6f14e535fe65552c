import { z } from 'zod';
import { count, instant, measured, sentence, sha256Hex, slug, storeId } from './primitives.js';
import { AGE_CLASS_SECONDS, SIZE_CLASS_BYTES } from './store-classes.js';

/** The kinds of store a profile can declare. */
export const STORE_KINDS = ['files', 'log', 'records', 'table', 'pair', 'temporary', 'configuration', 'dump', 'memory'] as const;
export type StoreKind = (typeof STORE_KINDS)[number];

/** By what an account gets in: its place as owner, a group, the mode for others, a list of finer rights, a folder above, a capability of a process, or a right in the product's database. */
export const BREACH_KINDS = ['owner', 'group', 'mode', 'acl', 'parent', 'capability', 'database'] as const;

/**
 * One way in which a store is open to more than its declared accounts.
 * Privacy: `account` is a system account or one that the profile names; a person's account leaves the host as `account-` and a keyed hash.
 */
export const accessBreach = z.object({
  kind: z.enum(BREACH_KINDS),
  account: z.string().max(80),
  read: z.boolean(),
  write: z.boolean(),
  /** How many entries let the account in. */
  items: count,
  /** Mode bits of the first such entry, as `0777`. */
  mode: z.string().max(6),
  because: sentence,
  /** True where folders can be listed and no file be read: names, and nothing of what stands in them. */
  namesOnly: z.literal(true).optional(),
});
export type AccessBreach = z.output<typeof accessBreach>;

/** An account that gets in, by the first entry that lets it in. `declared` says whether the profile names it; absent where the vendor says nothing of who may. `namesOnly` where folders can be listed and no file be read. */
export const accountAccess = z.object({ name: z.string().max(80), read: z.boolean(), write: z.boolean(), because: sentence, declared: z.boolean().optional(), namesOnly: z.literal(true).optional() });

/** Who gets into a store. `unseen` are ways in that nobody could look at from here, as the processes of a host that is only a folder: no gap of the scan, and no pass. */
export const storeAccess = z.object({
  accounts: z.array(accountAccess).max(64),
  breaches: z.array(accessBreach).max(64),
  unseen: z.array(z.object({ what: z.string().max(100), why: sentence })).max(8).optional(),
});

/** How the items of a store are spread over classes: one place for each upper end, and one for what lies beyond the last. Units of `bytes`: allocated bytes. */
const spreadOver = (ends: readonly number[]) => z.object({ items: z.array(count).length(ends.length + 1), bytes: z.array(count).length(ends.length + 1) });
export const ageSpread = spreadOver(AGE_CLASS_SECONDS);
export const sizeSpread = spreadOver(SIZE_CLASS_BYTES);
export type Spread = z.output<typeof ageSpread>;

const change = z.number().int().min(Number.MIN_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER);

/** Programs of the system that rotate or clean on their own. */
export const ROTATION_TOOLS = ['logrotate', 'tmpfiles', 'journald', 'product'] as const;

/** A rule of the host itself that rotates or cleans what belongs to a store. */
export const rotationRule = z.object({
  tool: z.enum(ROTATION_TOOLS),
  /** File and line that say so. */
  source: z.string().max(200),
  /** What it does, in words, as `weekly, keeps 4, compresses`. */
  says: sentence,
  /** When the tool last did so, by its own record. */
  lastRanAt: measured(instant),
  /** How often it should; null where it says no time. Units: seconds. */
  everySeconds: count.nullable(),
});
export type RotationRule = z.output<typeof rotationRule>;

/** What was measured of one store in one scan. Units: bytes; counts; instants by the store's clock. */
export const storeObservation = z.object({
  id: storeId,
  kind: z.enum(STORE_KINDS),
  /** False when none of the store's places exist on this host. */
  present: z.boolean(),
  items: measured(count),
  bytesApparent: measured(count),
  bytesAllocated: measured(count),
  oldestAt: measured(instant.nullable()),
  newestAt: measured(instant.nullable()),
  /** Rows of a table, or lines of a record file. Absent for kinds that have none. */
  records: measured(count).optional(),
  /** Limits read from the product's own settings on this host. */
  configuredLimits: z.array(
    z.object({ kind: z.enum(['bytes', 'records', 'age']), limit: measured(z.object({ value: z.number().min(0), written: z.string().max(100) })) }),
  ),
  access: storeAccess,
  /** Temporary entries older than the service's own start. Absent for other kinds. */
  leftovers: measured(z.object({ items: count, bytes: count, oldestAt: instant.nullable() })).optional(),
  /** Halves without their other half. Absent for kinds that have none. */
  orphans: measured(z.object({ filesWithoutRow: count, rowsWithoutFile: count })).optional(),
  /** Hash over names and contents of a configuration store, so that drift shows. */
  contentDigest: measured(sha256Hex).optional(),
  /** Items by age and by apparent size. Absent for kinds that have no files. */
  ages: ageSpread.optional(),
  sizes: sizeSpread.optional(),
  /** Change against the scan before, where one is remembered. Units: items, allocated bytes. */
  growth: measured(z.object({ since: instant, items: change, bytes: change })).optional(),
  /** When the contents of a configuration store last changed, as far as scans remember. */
  contentChangedAt: measured(instant).optional(),
  /** Files that were deleted while the product holds them open: they still hold what they held. */
  openDeleted: measured(z.object({ items: count, bytes: count })).optional(),
  /** For what a product writes into the system's own log: lines of it there. Units: bytes, lines, log files. */
  inSystemLog: measured(z.object({ files: count, lines: count, bytes: count, oldestAt: instant.nullable() })).optional(),
  /** The file system that the store's first place lies on, as its own account sees it. Absent for kinds that have no files. Units: bytes. */
  fileSystem: measured(z.object({ type: z.string().max(40), totalBytes: count, freeBytes: count })).optional(),
  /** Rules of the host that rotate this store. Absent where nobody looked. */
  rotationRules: z.array(rotationRule).max(32).optional(),
  /** Entries that were seen and left out, by reason, as links or other file systems. */
  skipped: z.array(z.object({ reason: slug, items: count })).max(32),
  unknown: z.array(z.object({ what: z.string().max(100), why: sentence })).max(32),
});
export type StoreObservation = z.output<typeof storeObservation>;
