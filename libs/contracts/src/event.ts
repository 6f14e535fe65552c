import { z } from 'zod';
import { FINDING_CODES } from './finding.js';
import { count, instant, sentence, serverName, severity, sha256Hex, slug, storeId, uuid } from './primitives.js';

/**
 * What a SIEM gets: one payload per event type, flat, without personal data.
 * The subject is `mw.event.<domain>.<event>.<severity>.<server>`; events of no one server carry the token `fleet`.
 */
export const eventPayloads = {
  'finding.opened': z.object({ finding: uuid, code: z.enum(FINDING_CODES), store: storeId.nullable(), message: sentence, advice: sentence }),
  'finding.updated': z.object({ finding: uuid, code: z.enum(FINDING_CODES), store: storeId.nullable(), message: sentence, advice: sentence }),
  'finding.resolved': z.object({ finding: uuid, code: z.enum(FINDING_CODES), store: storeId.nullable(), openSeconds: count }),
  'rotation.ordered': z.object({ order: uuid, store: storeId, policy: slug, expiresAt: instant }),
  'rotation.completed': z.object({
    order: uuid,
    store: storeId,
    policy: slug,
    outcome: z.string().max(30),
    itemsDeleted: count,
    bytesDeleted: count,
    digest: sha256Hex,
  }),
  'rotation.proved': z.object({ order: uuid, store: storeId, items: count, bytes: count }),
  'rotation.expired': z.object({ order: uuid, store: storeId, policy: slug }),
  'rotation.marked': z.object({ order: uuid, store: storeId, policy: slug, items: count, bytes: count, dueAt: instant }),
  'rotation.released': z.object({ order: uuid, store: storeId, policy: slug }),
  'rotation.asked': z.object({ request: uuid, store: storeId, policy: slug, items: count, bytes: count, approvals: count }),
  'rotation.answered': z.object({ request: uuid, store: storeId, policy: slug, answer: z.enum(['approved', 'rejected', 'lapsed']) }),
  'rollout.advanced': z.object({ policy: slug, wave: count, waves: count }),
  'rollout.stopped': z.object({ policy: slug, wave: count, reason: sentence }),
  'rollout.resumed': z.object({ policy: slug, wave: count }),
  'policy.applied': z.object({ policy: slug, kind: slug, version: sha256Hex }),
  'policy.withdrawn': z.object({ policy: slug, kind: slug }),
  'consent.decided': z.object({ decision: uuid, agreement: slug, action: z.enum(['grant', 'decline', 'withdraw']), scope: z.string().max(140) }),
  'consent.proposed': z.object({ proposal: uuid, decisions: count, agreements: z.array(slug).max(20), lapsesAt: instant }),
  'consent.answered': z.object({ proposal: uuid, answer: z.enum(['confirmed', 'rejected', 'lapsed']) }),
  'consent.converged': z.object({ agreement: slug, scope: z.string().max(140), servers: count, milliseconds: count }),
  'server.enrolled': z.object({ token: z.string().max(16), replaces: z.string().max(63) }),
  'server.waiting': z.object({ request: uuid, token: z.string().max(16) }),
  'server.refused': z.object({ token: z.string().max(16), code: slug }),
  'server.removed': z.object({ cause: z.enum(['revoked', 'retired']) }),
  'agent.silent': z.object({ lastSeenAt: instant }),
  'agent.returned': z.object({ silentSeconds: count }),
  'ledger.checkpoint': z.object({ size: count, rootHash: sha256Hex, keyId: z.string().max(20), signature: z.string().max(100) }),
  'operator.signed-in': z.object({ operator: sha256Hex, means: z.string().max(30) }),
  /** `letter` names it among the dead letters, and `tries` counts how often it was put aside. */
  'message.rejected': z.object({ consumer: slug, reason: sentence, letter: uuid.optional(), tries: count.optional() }),
  /** `consumer` is null where letters of several, or named ones, were meant. */
  'message.replayed': z.object({ operator: sha256Hex, letters: count, consumer: slug.nullable() }),
  'message.discarded': z.object({ operator: sha256Hex, letters: count, consumer: slug.nullable() }),
} as const;
export type EventName = keyof typeof eventPayloads;
export const EVENT_NAMES = Object.keys(eventPayloads) as readonly EventName[];
export type EventPayload<N extends EventName> = z.output<(typeof eventPayloads)[N]>;

/** Data part of an event's envelope. */
export const eventData = <N extends EventName>(name: N) =>
  z.object({ event: z.literal(name), server: z.union([serverName, z.literal('fleet')]), severity, at: instant, detail: eventPayloads[name] });
/** The same, whatever the event: for readers that show all of them. */
export const anyEventData = z.object({
  event: z.enum(EVENT_NAMES as [EventName, ...EventName[]]),
  server: z.string().max(63),
  severity,
  at: instant,
  detail: z.record(z.string(), z.unknown()),
});
export type AnyEventData = z.output<typeof anyEventData>;
