import { z } from 'zod';
import { count, instant, measured, profileId, sentence, serverName, sha256Hex, slug, storeId } from './primitives.js';

/** The kinds of store a profile can declare. */
export const STORE_KINDS = ['files', 'log', 'records', 'table', 'pair', 'temporary', 'configuration', 'dump', 'memory'] as const;
export type StoreKind = (typeof STORE_KINDS)[number];

/**
 * One way in which a store is open to more than its declared accounts.
 * Privacy: `account` is a system account or one that the profile names; a person's account leaves the host as `account-` and a keyed hash.
 */
export const accessBreach = z.object({
  kind: z.enum(['owner', 'group', 'mode', 'parent']),
  account: z.string().max(80),
  read: z.boolean(),
  write: z.boolean(),
  /** How many entries let the account in. */
  items: count,
  /** Mode bits of the first such entry, as `0777`. */
  mode: z.string().max(6),
  because: sentence,
});
export type AccessBreach = z.output<typeof accessBreach>;

export const accountAccess = z.object({ name: z.string().max(80), read: z.boolean(), write: z.boolean(), because: sentence });

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
  access: z.object({ accounts: z.array(accountAccess).max(64), breaches: z.array(accessBreach).max(64) }),
  /** Temporary entries older than the service's own start. Absent for other kinds. */
  leftovers: measured(z.object({ items: count, bytes: count, oldestAt: instant.nullable() })).optional(),
  /** Halves without their other half. Absent for kinds that have none. */
  orphans: measured(z.object({ filesWithoutRow: count, rowsWithoutFile: count })).optional(),
  /** Hash over names and contents of a configuration store, so that drift shows. */
  contentDigest: measured(sha256Hex).optional(),
  /** Entries that were seen and left out, by reason, as links or other file systems. */
  skipped: z.array(z.object({ reason: slug, items: count })).max(32),
  unknown: z.array(z.object({ what: z.string().max(100), why: sentence })).max(32),
});
export type StoreObservation = z.output<typeof storeObservation>;

/** What the host itself says about one agreement. */
export const agreementObservation = z.object({
  id: slug,
  /** Hash of the text found on disk. */
  textSha256: measured(sha256Hex),
  /** Whether the product's own record says that it was accepted, and for which text. */
  recorded: measured(z.object({ accepted: z.boolean(), version: z.string().max(128).nullable(), byAnswerFile: z.boolean() })),
});
export type AgreementObservation = z.output<typeof agreementObservation>;

export const KSN_STATES = ['off', 'basic', 'extended', 'private'] as const;
export type KsnState = (typeof KSN_STATES)[number];

/** One kind of outbound transmission, as far as this host can tell. Levels: configured, possible, observed. */
export const flowObservation = z.object({
  id: slug,
  configured: measured(z.boolean()),
  possible: measured(z.boolean()),
  observed: measured(z.object({ connections: count, encrypted: z.boolean() })),
});
export type FlowObservation = z.output<typeof flowObservation>;

const settingValue = z.union([z.string().max(300), z.number(), z.boolean()]);

/**
 * What an agent measured, once: all stores of one profile, the settings that bear on them, agreements and flows.
 * Privacy: counts, sizes and instants; no path below a store root, no address, no file name.
 */
export const observation = z.object({
  schema: z.literal('mailwarden/observation/v1'),
  server: serverName,
  profile: profileId,
  product: z.object({ name: z.string().max(200), version: measured(z.string().max(60)) }),
  startedAt: instant,
  durationMs: count,
  serviceStartedAt: measured(instant),
  stores: z.array(storeObservation).max(200),
  /** Values of the profile's named switches and settings, by the profile's own name of the probe. */
  settings: z.record(slug, measured(settingValue)),
  ksn: measured(z.enum(KSN_STATES)),
  agreements: z.array(agreementObservation).max(50),
  flows: z.array(flowObservation).max(50),
  licence: measured(z.object({ status: z.string().max(60), kind: z.string().max(60), expiresAt: instant.nullable() })),
  /** The newest order carried out before this scan, so that its effect can be proved by it. */
  afterOrder: z.string().max(64).nullable(),
  bundleVersion: count.nullable(),
});
export type Observation = z.output<typeof observation>;

/** Sign of life, sent on core NATS every `HEARTBEAT_INTERVAL_MS`. */
export const heartbeat = z.object({
  schema: z.literal('mailwarden/heartbeat/v1'),
  server: serverName,
  at: instant,
  agentVersion: z.string().max(40),
  mode: z.enum(['observe', 'enforce']),
  bundleVersion: count.nullable(),
  spool: z.object({ messages: count, bytes: count, lost: count }),
  pid: count,
});
export type Heartbeat = z.output<typeof heartbeat>;
export const HEARTBEAT_INTERVAL_MS = 5_000;
