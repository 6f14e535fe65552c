import { z } from 'zod';
import { LIMIT_KINDS } from './limits.js';
import { count, instant, profileId, sentence, serverName, sha256Hex, slug, storeId, uuid } from './primitives.js';
import { receipt } from './rotation.js';

const amount = z.object({ items: count, bytes: count });
/** A policy document as a person wrote it. Units: characters. */
const policyText = z.string().min(1).max(200_000);
const person = z.string().min(1).max(120);
const mode = z.enum(['observe', 'ask', 'enforce']);

/** How one policy stands to one store of one server, by what was last recorded of it. */
export const PLAN_STATES = ['in-order', 'would-delete', 'over-bounds', 'held', 'not-rotatable', 'unmeasured'] as const;

/** What one policy would delete from one store, foretold from recorded state: sizes and ages as the last observation spread them. `exact` asks the host instead. */
export const planRow = z.object({
  server: serverName,
  profile: profileId,
  store: storeId,
  policy: slug,
  state: z.enum(PLAN_STATES),
  passed: z.array(z.enum(LIMIT_KINDS)),
  before: amount,
  wouldDelete: amount,
  /** Of what would go. */
  oldestAt: instant.nullable(),
  newestAt: instant.nullable(),
  measuredAt: instant.nullable(),
  /** What the state means here; empty when there is nothing to say. */
  reason: sentence,
});
export type PlanRow = z.output<typeof planRow>;

export const POLICY_CHANGES = ['new', 'changed', 'same', 'removed'] as const;

/** One policy over the whole fleet. */
export const planTotals = z.object({
  policy: slug,
  mode,
  /** Against the policies that stand. */
  change: z.enum(POLICY_CHANGES),
  servers: count,
  stores: count,
  states: z.record(z.enum(PLAN_STATES), count),
  wouldDelete: amount.extend({ servers: count, stores: count }),
  oldestAt: instant.nullable(),
});

/** A mistake in a policy document: which document, where in it, what, and what to do. */
export const policyMistake = z.object({ document: count, line: count, path: z.string().max(300), message: sentence, advice: sentence });
export type PolicyMistake = z.output<typeof policyMistake>;

/** Answer to "what would be deleted": the whole fleet in totals, and the rows where most would go. */
export const policyPlan = z.object({
  at: instant,
  totals: z.array(planTotals),
  rows: z.array(planRow).max(200),
  /** Rows with something to delete that are not among `rows`. */
  rowsLeft: count,
  mistakes: z.array(policyMistake).max(200),
});
export type PolicyPlan = z.output<typeof policyPlan>;

/** `documents` null: the policies that stand. */
export const planRequest = z.object({ documents: z.array(policyText).max(100).nullable(), policy: slug.nullable(), server: serverName.nullable(), rows: z.number().int().min(0).max(200) });
export type PlanRequest = z.output<typeof planRequest>;

/** Adds, changes and removes policies as one step. Those that come from files of the worker's folder can only be changed there. */
export const applyRequest = z.object({ documents: z.array(policyText).max(100), remove: z.array(slug).max(100), by: person, reason: sentence, dryRun: z.boolean() });
export type ApplyPoliciesRequest = z.output<typeof applyRequest>;
export const appliedPolicies = z.object({
  changes: z.array(z.object({ policy: slug, kind: slug, change: z.enum(POLICY_CHANGES), version: sha256Hex.nullable(), before: z.string().max(200_000).nullable(), after: z.string().max(200_000).nullable() })),
  mistakes: z.array(policyMistake).max(200),
});
export type AppliedPolicies = z.output<typeof appliedPolicies>;

/** Versions of one policy, the newest first. */
export const policyHistory = z.object({ versions: z.array(z.object({ version: sha256Hex, text: policyText, at: instant, by: person, reason: sentence, withdrawn: z.boolean() })).max(200) });
export type PolicyHistory = z.output<typeof policyHistory>;

/** A store that a policy in mode `ask` would rotate, once enough people have approved. */
export const approvalRequest = z.object({
  id: uuid,
  server: serverName,
  profile: profileId,
  store: storeId,
  policy: slug,
  foretold: amount,
  askedAt: instant,
  lapsesAt: instant,
  approvals: count,
  approvedBy: z.array(person).max(5),
  state: z.enum(['waiting', 'approved', 'rejected', 'lapsed']),
});
export type ApprovalRequest = z.output<typeof approvalRequest>;

/** What was marked on a host and is to be deleted when its grace has run out. */
export const rotationMark = z.object({
  order: uuid,
  server: serverName,
  profile: profileId,
  store: storeId,
  policy: slug,
  marked: amount,
  markedAt: instant,
  dueAt: instant,
  /** `released`: a person took it back; the policy marks nothing on that store until it is resumed. */
  state: z.enum(['marking', 'marked', 'due', 'released', 'done']),
});
export type RotationMark = z.output<typeof rotationMark>;

/** How far a policy has come through its waves. */
export const rolloutProgress = z.object({
  policy: slug,
  version: sha256Hex,
  /** From 0. */
  wave: count,
  waves: z.array(z.object({ words: z.string().max(200), servers: count, done: count, failed: count })).max(20),
  state: z.enum(['running', 'soaking', 'stopped', 'complete']),
  since: instant,
  /** When the next wave may begin; null where nothing is waited for. */
  nextAt: instant.nullable(),
  /** Why it stopped; empty when it did not. */
  reason: sentence,
});
export type RolloutProgress = z.output<typeof rolloutProgress>;

/** Everything that waits for a person or for time. */
export const rotationWaiting = z.object({ requests: z.array(approvalRequest).max(500), marks: z.array(rotationMark).max(500), rollouts: z.array(rolloutProgress).max(200) });
export type RotationWaiting = z.output<typeof rotationWaiting>;

/**
 * What a person decides: about a request (`approve`, `reject`), a mark (`release`, `resume`), or the rollout of a policy (`stop`, `resume`).
 * `id` is that of the request or mark; for a rollout, the policy's name.
 */
export const rotationDecision = z.object({ about: z.enum(['request', 'mark', 'rollout']), id: z.string().min(1).max(63), action: z.enum(['approve', 'reject', 'release', 'stop', 'resume']), by: person, reason: sentence });
export type RotationDecision = z.output<typeof rotationDecision>;

/** Asks hosts for exact plans: orders of purpose `plan`, which delete nothing. `documents` as in a plan; at most so many servers, those where most would go. */
export const exactRequest = z.object({ documents: z.array(policyText).max(100).nullable(), policy: slug.nullable(), server: serverName.nullable(), servers: z.number().int().min(1).max(200), by: person });
export type ExactRequest = z.output<typeof exactRequest>;
export const exactPlans = z.object({
  orders: z.array(z.object({ order: uuid, server: serverName, profile: profileId, store: storeId, policy: slug, /** Null until the host has answered. */ receipt: receipt.nullable(), expired: z.boolean() })).max(1000),
});
export type ExactPlans = z.output<typeof exactPlans>;
