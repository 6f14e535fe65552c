import { eventData, type EventName } from '../event.js';
import { eventType } from '../envelope.js';
import { jsonSchemaOf, type JsonSchema } from './json-schema.js';

/** What each event tells and when it is raised, for whoever subscribes. */
export const EVENT_MEANINGS: Readonly<Record<EventName, string>> = {
  'finding.opened': 'An expectation is violated, for the first time or again after it was in order.',
  'finding.updated': 'An open finding has changed its severity, or its figures have moved for a while.',
  'finding.resolved': 'What was violated is in order again; openSeconds says how long it was not.',
  'rotation.ordered': 'A signed order to bring one store back under its limit was issued.',
  'rotation.completed': 'The executor has answered an order; outcome says how it ended and digest stands for the exact list, which stays on the server.',
  'rotation.proved': 'An observation that began after an order shows its effect.',
  'rotation.expired': 'Nobody carried an order out before it ran out, and it is void.',
  'rotation.marked': 'What would go was marked on the server; from dueAt on it may be deleted, unless somebody releases it before.',
  'rotation.released': 'A person took a mark back: what it covers stays.',
  'rotation.asked': 'A policy waits for people to agree before it deletes.',
  'rotation.answered': 'People agreed or refused, or the question lapsed. Who it was stays in the rotation worker.',
  'rollout.advanced': 'A policy has gone well for long enough and reaches its next wave of servers.',
  'rollout.stopped': 'Receipts of a policy were not as foretold; it orders nothing more until a person resumes it.',
  'rollout.resumed': 'A person let a stopped policy go on.',
  'policy.applied': 'A policy, or a legal hold, counts from now on in this version.',
  'policy.withdrawn': 'A policy, or a legal hold, counts no more.',
  'consent.decided': 'A person granted, declined or withdrew consent for a scope. Who it was stays in the consent registry.',
  'consent.proposed': 'A person would have decisions recorded that take two persons; nothing counts until another one confirms them.',
  'consent.answered': 'A second person confirmed or rejected what was proposed, or nobody did in time. Who it was stays in the consent registry.',
  'consent.converged': 'Every reachable agent of a scope has attested a decision.',
  'server.enrolled': 'A server was let into the fleet by a token; replaces names the one whose place it took.',
  'server.waiting': 'A server wants to be enrolled by a token that wants a person to agree.',
  'server.refused': 'A server that asked to be enrolled was refused; code says why.',
  'server.removed': 'A server was taken out of the fleet: its connection is cut and its keys count no more. cause says whether they may be in other hands.',
  'agent.silent': 'An agent was not heard for three heartbeat intervals; what it guards is unknown since lastSeenAt.',
  'agent.returned': 'A silent agent is heard again.',
  'ledger.checkpoint': 'The signed head of the evidence ledger. Keep these: they show later that nothing was rewritten.',
  'operator.signed-in': 'Somebody signed in; operator is a keyed hash of the name.',
  'message.rejected': 'A message on the bus was forged, misplaced or unreadable and was put aside.',
  'message.replayed': 'An operator gave messages that were put aside to their consumers again; operator is a keyed hash of the name.',
  'message.discarded': 'An operator gave messages up that were put aside; operator is a keyed hash of the name.',
};

/** The envelope of every event, as CloudEvents 1.0 in structured mode. */
function envelopeSchema(name: EventName): JsonSchema {
  return {
    type: 'object',
    required: ['specversion', 'id', 'source', 'type', 'time', 'subject', 'datacontenttype', 'sequence', 'signature', 'data'],
    properties: {
      specversion: { const: '1.0' },
      id: { type: 'string', description: 'Stable: the same happening keeps its id however often it is delivered.' },
      source: { type: 'string', examples: ['mailwarden/reporting'] },
      type: { const: eventType(name) },
      time: { type: 'string', format: 'date-time' },
      subject: { type: 'string', description: 'Bus subject that it was published on.' },
      datacontenttype: { const: 'application/json' },
      sequence: { type: 'integer', minimum: 0, description: 'Gap-free per source.' },
      traceparent: { type: 'string' },
      signature: { type: 'string', description: 'ed25519 of the source over the canonical JSON of all other members.' },
      data: jsonSchemaOf(eventData(name)),
    },
  };
}

/** JSON Schema of one event as it travels. */
export const eventSchema = (name: EventName): JsonSchema => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: eventType(name),
  description: EVENT_MEANINGS[name],
  ...envelopeSchema(name),
});

/** File name of an event's schema. */
export const eventSchemaFile = (name: EventName): string => `${eventType(name)}.schema.json`;
