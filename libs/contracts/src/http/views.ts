import { z } from 'zod';
import { CONSENT_STATES, decision } from '../consent.js';
import { checkpoint } from '../evidence.js';
import { FINDING_CODES, FINDING_STATES } from '../finding.js';
import { forecast, statedLimit } from '../limits.js';
import { KSN_STATES, observation, scanEffort } from '../observation.js';
import { count, instant, labels, measured, profileId, serverName, severity, sha256Hex, slug, storeId, uuid } from '../primitives.js';
import { rotationOrder, signedReceipt, watermark } from '../rotation.js';
import { agreementSummary, proposalSummary, TWO_PERSON_RULES } from '../service-api.js';
import { ageSpread, sizeSpread, storeObservation, STORE_KINDS } from '../store-observation.js';
import { textFetch } from '../text-fetch.js';

/** The four states of everything that is shown. "No vendor limit" and "unknown" are never `in-order`. */
export const DISPLAY_STATES = ['in-order', 'finding', 'unknown', 'waiting', 'not-limited'] as const;
export const displayState = z.enum(DISPLAY_STATES);
export type DisplayState = z.output<typeof displayState>;

export const serverRow = z.object({
  server: serverName,
  labels,
  profiles: z.array(profileId),
  product: z.string(),
  state: displayState,
  /** `live`: a heartbeat within three intervals; `silent`: longer ago; `never`: not seen yet. */
  agent: z.enum(['live', 'silent', 'never']),
  lastSeenAt: instant.nullable(),
  lastObservedAt: instant.nullable(),
  mode: z.enum(['observe', 'enforce']).nullable(),
  openFindings: z.partialRecord(severity, count),
  storesOverLimit: count,
  bytesStored: count,
  consent: z.enum(['converged', 'converging', 'not-compliant', 'unknown']),
});
export type ServerRow = z.output<typeof serverRow>;

export const fleetView = z.object({
  asOf: instant,
  servers: z.array(serverRow),
  totals: z.object({
    servers: count,
    live: count,
    inOrder: count,
    withFindings: count,
    openFindings: count,
    bytesStored: count,
    rotationsToday: count,
    bytesRotatedToday: count,
  }),
  findingsByCode: z.array(z.object({ code: z.enum(FINDING_CODES), severity, open: count, servers: count })),
});
export type FleetView = z.output<typeof fleetView>;

export const findingView = z.object({
  id: uuid,
  server: serverName,
  profile: profileId.nullable(),
  store: storeId.nullable(),
  code: z.enum(FINDING_CODES),
  severity,
  state: z.enum(FINDING_STATES),
  message: z.string(),
  advice: z.string(),
  source: z.string(),
  openedAt: instant,
  updatedAt: instant,
  resolvedAt: instant.nullable(),
  /** What is being, or was, done about it. */
  remediation: z.object({ order: uuid, state: z.string(), at: instant }).nullable(),
  history: z.array(z.object({ at: instant, what: z.enum(['opened', 'updated', 'resolved', 'accepted', 'reopened']), message: z.string() })),
});
export type FindingView = z.output<typeof findingView>;

export const statementRow = z.object({
  store: storeId,
  section: z.string(),
  kind: z.enum(STORE_KINDS),
  /** As the vendor's page prints it. */
  directories: z.array(z.string()).nullable(),
  dataCategories: z.array(z.object({ id: z.string(), title: z.string() })).nullable(),
  duration: z.object({ text: z.string(), source: z.string().nullable() }),
  limits: z.array(statedLimit),
  protection: z.object({ accounts: z.array(z.string()).nullable(), /** Groups all of whose members may as well. */ groups: z.array(z.string()).optional(), source: z.string().nullable() }),
  measured: z.object({
    present: z.boolean(),
    items: measured(count),
    bytesApparent: measured(count),
    bytesAllocated: measured(count),
    records: measured(count).optional(),
    oldestAt: measured(instant.nullable()),
    newestAt: measured(instant.nullable()),
    leftovers: measured(z.object({ items: count, bytes: count, oldestAt: instant.nullable() })).optional(),
    orphans: measured(z.object({ filesWithoutRow: count, rowsWithoutFile: count })).optional(),
    ages: ageSpread.optional(),
    sizes: sizeSpread.optional(),
    growth: storeObservation.shape.growth,
    openDeleted: storeObservation.shape.openDeleted,
    inSystemLog: storeObservation.shape.inSystemLog,
    rotationRules: storeObservation.shape.rotationRules,
    /** For the first limit that counts; absent where no history is at hand. */
    forecast: measured(forecast).optional(),
    /** Facts that a row of its own kind shows, as `dump switch: off (documented default)`. */
    facts: z.array(z.object({ label: z.string(), value: measured(z.string()) })),
  }),
  access: storeObservation.shape.access,
  state: displayState,
  /** One line why. */
  because: z.string(),
  unknown: z.array(z.object({ what: z.string(), why: z.string() })),
  notes: z.array(z.string()),
  next: z.string().nullable(),
});
export type StatementRow = z.output<typeof statementRow>;

export const agreementRow = z.object({
  id: slug,
  title: z.string(),
  gates: z.array(z.string()),
  state: z.enum(CONSENT_STATES).nullable(),
  because: z.string(),
  textSha256: measured(sha256Hex),
  recorded: measured(z.object({ accepted: z.boolean(), version: z.string().nullable(), byAnswerFile: z.boolean() })),
});

export const flowRow = z.object({
  id: slug,
  title: z.string(),
  recipient: z.string().nullable(),
  requires: z.array(slug),
  permitted: z.boolean().nullable(),
  configured: measured(z.boolean()),
  possible: measured(z.boolean()),
  observed: measured(z.object({ connections: count, encrypted: z.boolean() })),
  /** What the packet filter of the host does about it, and why; absent where none is kept. */
  filter: z.object({ effect: z.enum(['allowed', 'refused']), enforced: z.boolean(), because: z.string(), refusedPackets: count }).optional(),
});

/**
 * One kind of transmission over the whole fleet: what a record of processing after Article 30 GDPR has to say of recipients and categories, with what is true of the servers now.
 * Each server that runs the product counts once in `permitted` or `notPermitted`; in `observed` where the packet filter saw it within a day.
 */
export const transmissionRow = z.object({
  profile: profileId,
  product: z.string(),
  flow: slug,
  title: z.string(),
  recipient: z.string().nullable(),
  dataCategories: z.array(z.object({ id: z.string(), title: z.string() })).nullable(),
  requires: z.array(slug),
  encrypted: z.boolean().nullable(),
  servers: z.object({ all: count, permitted: count, notPermitted: count, configured: count, configuredUnknown: count, refused: count, observed: count, observedUnknown: count }),
});
export const transmissionsView = z.object({ at: instant, rows: z.array(transmissionRow) });
export type TransmissionsView = z.output<typeof transmissionsView>;

export const licenceView = z.object({
  state: measured(z.object({ status: z.string(), kind: z.string(), expiresAt: instant.nullable() })),
  states: z.array(z.object({ id: slug, title: z.string(), consequence: z.string() })),
});

/** The live data-provision statement of one server, row by row like the vendor's table. */
export const statement = z.object({
  server: serverName,
  profile: profileId,
  product: z.object({ name: z.string(), version: measured(z.string()) }),
  observedAt: instant,
  ageSeconds: count,
  effort: scanEffort.optional(),
  /** Data that no store of any profile covers; absent where nobody looked. */
  undeclared: observation.shape.undeclared,
  rows: z.array(statementRow),
  ksn: z.object({ desired: z.enum(KSN_STATES), actual: measured(z.enum(KSN_STATES)) }),
  agreements: z.array(agreementRow),
  flows: z.array(flowRow),
  licence: licenceView,
});
export type Statement = z.output<typeof statement>;

export const serverView = z.object({
  row: serverRow,
  agent: z.object({ version: z.string().nullable(), bundleVersion: count.nullable(), spoolMessages: count.nullable(), spoolLost: count.nullable() }),
  findings: z.array(findingView),
  statements: z.array(statement),
});
export type ServerView = z.output<typeof serverView>;

export const ROTATION_STATES = ['ordered', 'completed', 'nothing-to-do', 'refused', 'stopped', 'failed', 'expired', 'proved', 'planned', 'marked'] as const;
export const rotationView = z.object({
  /** Where the host acted by its bundle alone, as its receipt's `authority` says, nobody gave an order: then what the receipt repeats of the rule, without watermarks. */
  order: rotationOrder.extend({ watermarks: z.array(watermark).max(5) }),
  state: z.enum(ROTATION_STATES),
  orderedAt: instant,
  receipt: signedReceipt.nullable(),
  /** True when the receipt's signature is the executor's and its numbers fit the order. */
  receiptVerified: z.boolean().nullable(),
  proof: z
    .object({
      leafIndex: count,
      leafHash: sha256Hex,
      inclusion: z.array(sha256Hex),
      checkpoint: z.object({ payload: checkpoint, keyId: z.string(), signature: z.string() }),
    })
    .nullable(),
  provedBy: z.object({ observedAt: instant, items: count, bytes: count }).nullable(),
});
export type RotationView = z.output<typeof rotationView>;

export const convergenceRow = z.object({
  server: serverName,
  state: z.enum(['converged', 'converging', 'unreachable', 'not-compliant', 'unknown']),
  attestedAt: instant.nullable(),
  milliseconds: count.nullable(),
  ksn: z.object({ desired: z.enum(KSN_STATES), actual: measured(z.enum(KSN_STATES)) }).nullable(),
  because: z.string(),
});

export const consentView = z.object({
  agreements: z.array(agreementSummary),
  decisions: z.array(decision),
  /** Effective state by agreement and server. */
  effective: z.array(z.object({ agreement: slug, server: serverName, state: z.enum(CONSENT_STATES), because: z.string() })),
  convergence: z.array(convergenceRow),
  /** Scopes whose newest decision is recorded and not published yet: no server can know it. */
  unpublished: z.array(z.string().max(140)).default([]),
  /** Licences that are over, not in order, or end soon: that changes what products send, whatever was decided. */
  licences: z.array(z.object({ finding: uuid, server: serverName, profile: profileId.nullable(), severity, message: z.string() })).default([]),
  /** Licences of further servers that are not listed. */
  licencesMore: count.default(0),
  /** Which decisions take two persons, and what waits for the second. */
  twoPersons: z.enum(TWO_PERSON_RULES).default('none'),
  proposals: z.array(proposalSummary).default([]),
  fetches: z.array(textFetch).default([]),
});
export type ConsentView = z.output<typeof consentView>;

export const eventView = z.object({
  sequence: count,
  id: z.string(),
  at: instant,
  event: z.string(),
  server: z.string(),
  severity,
  detail: z.record(z.string(), z.unknown()),
});
export type EventView = z.output<typeof eventView>;

export const operatorRole = z.enum(['viewer', 'operator', 'privacy-officer', 'administrator']);
export const meView = z.object({ name: z.string(), role: operatorRole, csrf: z.string() });
/** A person who may sign in. `linkUntil` is when a link that was not used yet ends. */
export const operatorView = z.object({ name: z.string(), role: operatorRole, hasPassword: z.boolean(), linkUntil: instant.nullable() });
export type OperatorView = z.output<typeof operatorView>;
export type MeView = z.output<typeof meView>;

/** Kinds of live update on `/api/v1/stream`: the reader re-reads what changed. */
export const liveUpdate = z.object({
  topic: z.enum(['fleet', 'server', 'findings', 'rotations', 'policies', 'consent', 'events']),
  server: serverName.nullable(),
  at: instant,
});
export type LiveUpdate = z.output<typeof liveUpdate>;

/** Errors of the API. Source: RFC 9457. */
export const problem = z.object({ type: z.string(), title: z.string(), status: count, detail: z.string(), instance: z.string().optional() });
export type Problem = z.output<typeof problem>;
