import { z } from 'zod';
import { count, instant, measured, profileId, sentence, serverName, sha256Hex, slug, uuid } from './primitives.js';
import { storeObservation } from './store-observation.js';
import { egressObservation } from './transmission.js';

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
  /** Distinct destinations of the last day, and whether all of them may be encrypted. */
  observed: measured(z.object({ connections: count, encrypted: z.boolean() })),
});
export type FlowObservation = z.output<typeof flowObservation>;

/** What a scan cost, and how far it got. */
export const scanEffort = z.object({
  /** `full`: every entry was looked at; `incremental`: folders that cannot have changed were taken from memory. */
  mode: z.enum(['full', 'incremental']),
  /** Entries that were looked at in this scan. */
  entries: count,
  foldersRead: count,
  foldersRemembered: count,
  /** Time spent waiting so that the mail server has its disk and processor. Units: milliseconds. */
  pausedMs: count,
  /** False when its window ended before all was seen; the next scan goes on from there. */
  complete: z.boolean(),
  /** What the memory of earlier scans was good for, when it was not: as `it was damaged and was thrown away`. */
  notice: sentence.nullable(),
});
export type ScanEffort = z.output<typeof scanEffort>;

/**
 * Data that no store of any profile covers.
 * Privacy: `place` is a folder of the system, as `/var/lib`; no name below it is told.
 */
export const undeclaredData = z.object({
  /** `account-files`: files of the product's accounts; `mail-like`: content of letters that everyone may read. */
  kind: z.enum(['account-files', 'mail-like']),
  place: z.string().max(80),
  items: count,
  bytes: count,
  newestAt: instant.nullable(),
});
export type UndeclaredData = z.output<typeof undeclaredData>;

/** A setting of the product that would move a store, and does not count because of who can write it. Privacy: where it stands, and not what it names. */
export const passedOverSetting = z.object({ setting: z.string().max(100), source: z.string().max(200), why: z.string().max(200) });
export type PassedOverSetting = z.output<typeof passedOverSetting>;

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
  /** Absent from agents that do not tell. */
  settingsPassedOver: z.array(passedOverSetting).max(50).optional(),
  ksn: measured(z.enum(KSN_STATES)),
  agreements: z.array(agreementObservation).max(50),
  flows: z.array(flowObservation).max(50),
  /** Absent where no packet filter is kept on the host. */
  egress: measured(egressObservation).optional(),
  licence: measured(z.object({ status: z.string().max(60), kind: z.string().max(60), expiresAt: instant.nullable() })),
  /** Absent where nobody looked. */
  undeclared: measured(z.array(undeclaredData).max(64)).optional(),
  effort: scanEffort.optional(),
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
  /** What the agent takes and does: its memory, how long its newest scan took, and when the bus last took something of it. Absent from agents that do not tell. */
  work: z.object({ rssBytes: count, scanMs: count.nullable(), sentAt: instant.nullable() }).optional(),
  pid: count,
  /** One run of one agent on one machine; absent from agents of the first version. `machine` stands for the machine's id and is no id itself. */
  run: z.object({ id: uuid, startedAt: instant, host: z.string().regex(/^[a-z0-9.-]{1,64}$/), machine: z.string().regex(/^[0-9a-f]{12}$/) }).optional(),
});
export type Heartbeat = z.output<typeof heartbeat>;
export const HEARTBEAT_INTERVAL_MS = 5_000;
