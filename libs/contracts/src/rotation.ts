import { z } from 'zod';
import { LIMIT_KINDS } from './limits.js';
import { count, instant, labels, measured, profileId, sentence, serverName, sha256Hex, slug, storeId, uuid } from './primitives.js';

/** Which moment of an item says how old it is. */
export const CLOCKS = ['modified', 'changed', 'born', 'recorded', 'received'] as const;
export type Clock = (typeof CLOCKS)[number];

/** Bring a store under `limit` by deleting down to `target`, both in the unit of the kind. */
export const watermark = z.object({ kind: z.enum(LIMIT_KINDS), limit: z.number().min(0), target: z.number().min(0) });
export type Watermark = z.output<typeof watermark>;

export const keepRule = z.object({ newest: count, youngerThanSeconds: count });
/** Most that one order may delete. Above any of them it stops before the first deletion. */
export const bounds = z.object({ items: count, bytes: count, percent: z.number().min(0).max(100), deadlineSeconds: count });
export type Bounds = z.output<typeof bounds>;

/** A legal hold as an order carries it: what it covers is never deleted. Null means "any". */
export const hold = z.object({
  id: slug,
  store: storeId.nullable(),
  from: instant.nullable(),
  until: instant.nullable(),
  reason: sentence,
});
export type Hold = z.output<typeof hold>;

/** Signed permission to bring one store back under its limit. Source: safety rules 1 to 10. */
export const rotationOrder = z.object({
  schema: z.literal('mailwarden/rotation-order/v1'),
  id: uuid,
  server: serverName,
  profile: profileId,
  store: storeId,
  policy: z.object({ name: slug, version: sha256Hex }),
  watermarks: z.array(watermark).min(1).max(5),
  clock: z.enum(CLOCKS),
  keep: keepRule,
  bounds,
  holds: z.array(hold).max(1000),
  issuedAt: instant,
  expiresAt: instant,
});
export type RotationOrder = z.output<typeof rotationOrder>;

const signed = <T extends z.ZodType>(payload: T) =>
  z.object({ payload, keyId: z.string().regex(/^[0-9a-f]{16}$/), signature: z.string().max(100) });
export const signedRotationOrder = signed(rotationOrder);
export type SignedRotationOrder = z.output<typeof signedRotationOrder>;

/** One store's rule in the bundle of one server: a policy that applies to it, its limits resolved to exact numbers. */
export const bundleRule = z.object({
  policy: slug,
  policyVersion: sha256Hex,
  profile: profileId,
  store: storeId,
  mode: z.enum(['observe', 'ask', 'enforce']),
  watermarks: z.array(watermark).max(5),
  clock: z.enum(CLOCKS),
  keep: keepRule,
  bounds,
  /** Words of the policy, as `1 GiB`, by limit kind. */
  written: z.partialRecord(z.enum(LIMIT_KINDS), z.string().max(60)),
});
export type BundleRule = z.output<typeof bundleRule>;

/** A scan on less than this would never end; more than the whole of a core is no budget. Units: percent of one core. */
export const SCAN_CPU_PERCENT_MIN = 1;
export const SCAN_CPU_PERCENT_MAX = 100;

/** All policy for one server, versioned and signed: the agent's authority while it is offline. */
export const policyBundle = z.object({
  schema: z.literal('mailwarden/policy-bundle/v1'),
  server: serverName,
  version: count,
  labels,
  rules: z.array(bundleRule).max(2000),
  holds: z.array(hold).max(1000),
  transmission: z.object({ failClosed: z.boolean() }),
  scanIntervalSeconds: z.number().min(1).max(86_400),
  /** Most of one core that a scan may take; absent where no policy says, and the agent's own setting counts. Units: percent. */
  scanCpuPercent: z.number().min(SCAN_CPU_PERCENT_MIN).max(SCAN_CPU_PERCENT_MAX).optional(),
  /** A scan that takes longer stops and says so; absent where no policy says. */
  scanWindowSeconds: z.number().min(1).max(86_400).optional(),
  issuedAt: instant,
  expiresAt: instant,
});
export type PolicyBundle = z.output<typeof policyBundle>;
export const signedPolicyBundle = signed(policyBundle);
export type SignedPolicyBundle = z.output<typeof signedPolicyBundle>;

const amount = z.object({ items: count, bytes: count });
export const SKIP_REASONS = [
  'not-a-regular-file',
  'hard-linked',
  'immutable',
  'open-for-writing',
  'in-quiet-period',
  'kept-newest',
  'held',
  'changed-since-plan',
  'vanished',
  'other-file-system',
  'active-log',
  'no-clock',
  'permission-denied',
  'io-error',
  'too-deep',
] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

export const RECEIPT_OUTCOMES = ['completed', 'nothing-to-do', 'refused', 'stopped', 'failed'] as const;

/** What an order did. Privacy: totals only; `digest` is a keyed hash over the exact list, which stays on the host. */
export const receipt = z.object({
  schema: z.literal('mailwarden/receipt/v1'),
  order: uuid,
  server: serverName,
  profile: profileId,
  store: storeId,
  policy: slug,
  outcome: z.enum(RECEIPT_OUTCOMES),
  /** Why it was refused, stopped or failed; empty when completed. */
  reason: sentence,
  before: amount,
  planned: amount.extend({ oldestAt: instant.nullable(), newestAt: instant.nullable(), digest: sha256Hex }),
  deleted: amount,
  skipped: z.array(z.object({ reason: z.enum(SKIP_REASONS), items: count })).max(32),
  after: measured(amount),
  /** True when an earlier run of this order was cut short and this one finished it. */
  resumed: z.boolean(),
  bounds,
  startedAt: instant,
  finishedAt: instant,
  /** Clock evidence: milliseconds by the wall and by the monotonic clock; a difference shows a clock that jumped. */
  clock: z.object({ wallMs: z.number(), monotonicMs: z.number() }),
});
export type Receipt = z.output<typeof receipt>;
/** Signed by the executor's own key, which the agent does not hold. */
export const signedReceipt = signed(receipt);
export type SignedReceipt = z.output<typeof signedReceipt>;

/** Domains of signatures: one kind of document never passes for another. */
export const SIGNING_CONTEXTS = {
  envelope: 'mailwarden/envelope/v1',
  order: 'mailwarden/rotation-order/v1',
  bundle: 'mailwarden/policy-bundle/v1',
  receipt: 'mailwarden/receipt/v1',
  consent: 'mailwarden/consent-entry/v1',
  attestation: 'mailwarden/attestation/v1',
  membership: 'mailwarden/membership/v1',
  checkpoint: 'mailwarden/checkpoint/v1',
} as const;
