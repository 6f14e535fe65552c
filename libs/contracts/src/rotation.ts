import { uuidOf } from '@mailwarden/kernel';
import { z } from 'zod';
import { LIMIT_KINDS } from './limits.js';
import { count, instant, labels, measured, profileId, sentence, serverName, sha256Hex, slug, storeId, uuid } from './primitives.js';
import { transmissionRule } from './transmission.js';

/** Which moment of an item says how old it is. */
export const CLOCKS = ['modified', 'changed', 'born', 'recorded', 'received'] as const;
export type Clock = (typeof CLOCKS)[number];

/** Bring a store under `limit` by deleting down to `target`, both in the unit of the kind. */
export const watermark = z.object({ kind: z.enum(LIMIT_KINDS), limit: z.number().min(0), target: z.number().min(0) });
export type Watermark = z.output<typeof watermark>;

export const keepRule = z.object({ newest: count, youngerThanSeconds: count });
/** Most that one order may delete. Above any of them it stops before the first deletion. `perSeconds`: what earlier orders of the same policy on the same store deleted in so long counts too. */
export const bounds = z.object({ items: count, bytes: count, percent: z.number().min(0).max(100), deadlineSeconds: count, perSeconds: count.optional() });
export type Bounds = z.output<typeof bounds>;

/** How fast an order may go, so that the mail server's own work comes first; null where nothing says so. Units: per second. */
export const pace = z.object({ itemsPerSecond: z.number().positive().nullable(), bytesPerSecond: z.number().positive().nullable() });
export type Pace = z.output<typeof pace>;
export const NO_PACE: Pace = { itemsPerSecond: null, bytesPerSecond: null };

/** A legal hold as an order carries it: what it covers is never deleted. Null means "any". */
export const hold = z.object({
  id: slug,
  /** Absent, as from a version that did not tell: any. */
  profile: profileId.nullable().optional(),
  store: storeId.nullable(),
  from: instant.nullable(),
  until: instant.nullable(),
  /**
   * Single messages, each by `messageDigest` of its Message-ID. Absent or empty: every item of the span.
   * A store whose items do not tell which message they are is then kept as if all were meant: a hold is never weaker than it was meant.
   */
  messages: z.array(sha256Hex).max(1000).optional(),
  reason: sentence,
});
export type Hold = z.output<typeof hold>;

/** When deletion may begin. Minutes count from midnight by the clock of the time zone; a window whose end is not after its start runs over midnight. */
export const maintenanceWindow = z.object({
  /** 1 is Monday, 7 is Sunday: the day on which the window begins. */
  days: z.array(z.number().int().min(1).max(7)).min(1).max(7),
  fromMinute: z.number().int().min(0).max(1439),
  toMinute: z.number().int().min(0).max(1440),
  /** Name of the IANA database, as `Europe/Berlin`. */
  timezone: z.string().max(60),
});
export type MaintenanceWindow = z.output<typeof maintenanceWindow>;

/** Globs from the host's root, beside those of the profile: what they match is never deleted. */
const exclusions = z.array(z.string().startsWith('/').max(400)).max(50);
/** What becomes of halves whose other half is gone: they stay, or they leave as well when they are old enough. */
export const ORPHAN_RULES = ['keep', 'delete'] as const;

/**
 * What an order is for: `rotate` deletes; `plan` tells exactly what would go and deletes nothing; `mark` notes on the host what would go, so that a later order may delete that and nothing else.
 */
export const ORDER_PURPOSES = ['rotate', 'plan', 'mark'] as const;

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
  purpose: z.enum(ORDER_PURPOSES).optional(),
  exclude: exclusions.optional(),
  /** Whether what a file held is written over before its name goes. Means nothing on many storages; the receipt says where. */
  overwrite: z.boolean().optional(),
  orphans: z.enum(ORPHAN_RULES).optional(),
  pace: pace.optional(),
  /** Id of the `mark` order whose items alone may go; null where nothing had to be marked first. */
  marked: uuid.nullable().optional(),
  /** Version of the bundle that the order was made by: a newer one that the host knows adds its holds. */
  bundleVersion: count.optional(),
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
  exclude: exclusions.optional(),
  overwrite: z.boolean().optional(),
  orphans: z.enum(ORPHAN_RULES).optional(),
  pace: pace.optional(),
  window: maintenanceWindow.nullable().optional(),
  /** What is to go is marked for so long first. Units: seconds. */
  graceSeconds: count.optional(),
  /** True where the host may carry the rule out by itself while no control plane can be heard: only when it asks nobody, marks nothing and its rollout has reached the server. */
  offline: z.boolean().optional(),
  /** Words of the policy, as `1 GiB`, by limit kind. */
  written: z.partialRecord(z.enum(LIMIT_KINDS), z.string().max(60)),
});
export type BundleRule = z.output<typeof bundleRule>;

/** Accounts and groups that policy permits beside those of the profile, and whether what lets others in is mended. */
export const accessRule = z.object({ policy: slug, profile: profileId, store: storeId, accounts: z.array(z.string().max(63)).max(50), groups: z.array(z.string().max(63)).max(50), mode: z.enum(['observe', 'ask', 'enforce']) });
export type AccessRule = z.output<typeof accessRule>;

/** A scan on less than this would never end; more than the whole of a core is no budget. Units: percent of one core. */
export const SCAN_CPU_PERCENT_MIN = 1;
export const SCAN_CPU_PERCENT_MAX = 100;

/** More holds of one server are refused where they are applied: a bundle without some of them would be none. */
export const BUNDLE_HOLDS_MAX = 1000;

/** All policy for one server, versioned and signed: the agent's authority while it is offline. */
export const policyBundle = z.object({
  schema: z.literal('mailwarden/policy-bundle/v1'),
  server: serverName,
  version: count,
  labels,
  rules: z.array(bundleRule).max(2000),
  holds: z.array(hold).max(BUNDLE_HOLDS_MAX),
  access: z.array(accessRule).max(2000).optional(),
  transmission: z.object({
    failClosed: z.boolean(),
    /** Absent from a worker that makes none. */
    rules: z.array(transmissionRule).max(2000).optional(),
    /** Addresses and prefixes to which nothing is ever refused: the host's own relays. */
    relays: z.array(z.string().max(50)).max(1000).optional(),
  }),
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
  'excluded',
  'in-grace',
  'kept-by-tool',
  /** Its name cannot be handed to the product's own tool. */
  'unnameable',
  /** A row that another table refers to. */
  'referenced',
] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

/** `planned` and `marked` end orders of those purposes: nothing was deleted. */
export const RECEIPT_OUTCOMES = ['completed', 'nothing-to-do', 'refused', 'stopped', 'failed', 'planned', 'marked'] as const;

/** What the host said of itself where an order was carried out. */
export const receiptFacts = z.object({
  kernel: z.string().max(100),
  /** File systems that the store lies on, as `ext4`; empty for tables. */
  fileSystems: z.array(z.string().max(40)).max(8),
  /** The product's own tool that deleted, by its path; null where we did. */
  tool: z.string().max(200).nullable(),
});

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
  /** What permitted it: an order, or the bundle of this version alone, while no control plane could be heard. */
  authority: z.union([z.object({ kind: z.literal('order') }), z.object({ kind: z.literal('bundle'), version: count })]).optional(),
  purpose: z.enum(ORDER_PURPOSES).optional(),
  /** For plans: some of the items, by a hash that only the host's own key makes again. */
  samples: z.array(z.object({ name: sha256Hex, bytes: count, at: instant.nullable() })).max(20).optional(),
  /** Orphaned halves that left; absent where none were looked for. */
  orphans: z.object({ files: count, rows: count, /** Absent in receipts of the first release. */ bytes: count.optional() }).optional(),
  facts: receiptFacts.optional(),
  /** What a reader must know, as that overwriting means nothing on this storage. */
  notes: z.array(sentence).max(10).optional(),
});
export type Receipt = z.output<typeof receipt>;
/** Signed by the executor's own key, which the agent does not hold. */
export const signedReceipt = signed(receipt);
export type SignedReceipt = z.output<typeof signedReceipt>;

/** Every member said: where a version left one out, `undefined` is no answer either. */
type Said<T> = { [K in keyof T]-?: Exclude<T[K], undefined> };
type LaterTerms = 'exclude' | 'overwrite' | 'orphans' | 'pace';
const laterTerms = (given: Partial<Pick<RotationOrder, LaterTerms>>): Said<Pick<RotationOrder, LaterTerms>> => ({ exclude: given.exclude ?? [], overwrite: given.overwrite ?? false, orphans: given.orphans ?? 'keep', pace: given.pace ?? NO_PACE });

/** An order with every term, whichever version wrote it: what is not said means the plain thing. What is signed is never this, but what was received. */
export const fullOrder = (order: RotationOrder): FullOrder => ({ ...order, ...laterTerms(order), purpose: order.purpose ?? 'rotate', marked: order.marked ?? null, bundleVersion: order.bundleVersion ?? 0 });
export type FullOrder = RotationOrder & Said<Pick<RotationOrder, LaterTerms | 'purpose' | 'marked' | 'bundleVersion'>>;

/** The same for a rule of a bundle. */
export const fullRule = (rule: BundleRule): FullRule => ({ ...rule, ...laterTerms(rule), window: rule.window ?? null, graceSeconds: rule.graceSeconds ?? 0, offline: rule.offline ?? false });
export type FullRule = BundleRule & Said<Pick<BundleRule, LaterTerms | 'window' | 'graceSeconds' | 'offline'>>;

/**
 * What the executor is started with: an order, or, while no control plane can be heard, one rule of the bundle. The bundle comes along in both cases, so that a hold that is newer than the order counts.
 * The executor trusts none of it but what the rotation worker signed.
 */
export const executorTask = z.object({
  schema: z.literal('mailwarden/executor-task/v1'),
  order: signedRotationOrder.nullable(),
  bundle: signedPolicyBundle.nullable(),
  /** One rule of the bundle, where there is no order; `id` is the agent's own. */
  rule: z.object({ id: uuid, policy: slug, profile: profileId, store: storeId }).nullable(),
  /** In place of both: `list` asks for `unfinishedTasks`; an id asks for the account of what was begun under it, and nothing new is done. */
  unfinished: z.union([z.literal('list'), uuid]).nullable().optional(),
});
export type ExecutorTask = z.output<typeof executorTask>;

/** More at once would not be said in one answer; the others are told when these are accounted for. */
export const UNFINISHED_TASKS_MAX = 500;

/** What a host began and never accounted for, by its journals. Also the answer to the question for an id that it never began. Nobody signs it: it is a reason to ask, and no account. */
export const unfinishedTasks = z.object({
  schema: z.literal('mailwarden/unfinished-tasks/v1'),
  tasks: z.array(z.object({ id: uuid, profile: profileId, store: storeId, deadlineSeconds: count })).max(UNFINISHED_TASKS_MAX),
  /** Journals that cannot be read: people must look at them. */
  damaged: count,
});
export type UnfinishedTasks = z.output<typeof unfinishedTasks>;

/**
 * The id under which the executor carries out a rule. Safety: the agent names the task, and must not call it by an id that the rotation worker gave: its account would pass for that of the order.
 * Shape: a UUID of version 8 (RFC 9562), which the worker never gives.
 */
export const idOfRuleTask = (server: string, named: string): string => uuidOf('rule-task', server, named);

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
  pack: 'mailwarden/evidence-pack/v1',
  textAsk: 'mailwarden/text-ask/v1',
  enrolmentRequest: 'mailwarden/enrolment-request/v1',
  enrolmentAnswer: 'mailwarden/enrolment-answer/v1',
  credentialRequest: 'mailwarden/credential-request/v1',
  credentialAnswer: 'mailwarden/credential-answer/v1',
} as const;
