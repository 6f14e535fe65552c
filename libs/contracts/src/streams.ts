import { subjects, WILDCARDS } from './subjects.js';

/** Larger data is chunked by its sender. Units: bytes. */
export const MESSAGE_BYTES_MAX = 65_536;
/** Largest message that the broker takes at all: questions carry whole policies, and answers whole lists. Units: bytes. */
export const PAYLOAD_BYTES_MAX = 262_144;

const DAY_S = 86_400;

export interface StreamDefinition {
  readonly name: string;
  readonly subjects: readonly string[];
  /** `new`: a full stream refuses, so that its publisher keeps the message; `old`: the oldest goes. */
  readonly discard: 'new' | 'old';
  readonly maxAgeSeconds: number;
  readonly maxBytes: number;
  /** How long a message id is remembered, so that a second publication has no effect. Units: seconds. */
  readonly duplicateWindowSeconds: number;
}

export const STREAMS = {
  OBSERVATIONS: { name: 'OBSERVATIONS', subjects: [WILDCARDS.observation], discard: 'old', maxAgeSeconds: 7 * DAY_S, maxBytes: 4e9, duplicateWindowSeconds: 3600 },
  EVIDENCE: { name: 'EVIDENCE', subjects: [WILDCARDS.receipt, WILDCARDS.attestation, WILDCARDS.evidence], discard: 'new', maxAgeSeconds: 0, maxBytes: 4e9, duplicateWindowSeconds: 3600 },
  ORDERS: { name: 'ORDERS', subjects: [WILDCARDS.order], discard: 'new', maxAgeSeconds: DAY_S, maxBytes: 1e9, duplicateWindowSeconds: 3600 },
  EVENTS: { name: 'EVENTS', subjects: [WILDCARDS.event], discard: 'old', maxAgeSeconds: 30 * DAY_S, maxBytes: 4e9, duplicateWindowSeconds: 3600 },
  OCSF: { name: 'OCSF', subjects: [WILDCARDS.ocsf], discard: 'old', maxAgeSeconds: 30 * DAY_S, maxBytes: 4e9, duplicateWindowSeconds: 3600 },
  DEAD: { name: 'DEAD', subjects: [WILDCARDS.dead], discard: 'old', maxAgeSeconds: 30 * DAY_S, maxBytes: 1e9, duplicateWindowSeconds: 3600 },
  /** What was put aside and is given to its consumer again. */
  REPLAYS: { name: 'REPLAYS', subjects: [WILDCARDS.replay], discard: 'new', maxAgeSeconds: 30 * DAY_S, maxBytes: 1e9, duplicateWindowSeconds: 3600 },
} as const satisfies Record<string, StreamDefinition>;
export type StreamName = keyof typeof STREAMS;

export interface BucketDefinition {
  readonly name: string;
  readonly history: number;
}

/** Key-value buckets. `bundle.<server>`, `consent.<scope>`, `fleet.<server>`. */
export const BUCKETS = {
  bundle: { name: 'bundle', history: 5 },
  consent: { name: 'consent', history: 20 },
  fleet: { name: 'fleet', history: 5 },
} as const satisfies Record<string, BucketDefinition>;
export type BucketName = keyof typeof BUCKETS;

export interface ConsumerDefinition {
  readonly name: string;
  readonly stream: StreamName;
  readonly filters: readonly string[];
  readonly ackWaitMs: number;
  /** After so many tries the message goes to the dead letters with its reason. */
  readonly maxDeliver: number;
  readonly maxAckPending: number;
}

const durable = (name: string, stream: StreamName, filters: readonly string[]): ConsumerDefinition => ({
  name,
  stream,
  filters,
  ackWaitMs: 30_000,
  maxDeliver: 8,
  maxAckPending: 1000,
});

/** Durable consumers of the services; instances of one service share them. */
export const CONSUMERS = {
  'reporting-observations': durable('reporting-observations', 'OBSERVATIONS', [WILDCARDS.observation]),
  'reporting-evidence': durable('reporting-evidence', 'EVIDENCE', [WILDCARDS.receipt, WILDCARDS.attestation, WILDCARDS.evidence]),
  'reporting-orders': durable('reporting-orders', 'ORDERS', [WILDCARDS.order]),
  'reporting-events': durable('reporting-events', 'EVENTS', [WILDCARDS.event]),
  'rotation-observations': durable('rotation-observations', 'OBSERVATIONS', [WILDCARDS.observation]),
  'rotation-receipts': durable('rotation-receipts', 'EVIDENCE', [WILDCARDS.receipt]),
  'consent-observations': durable('consent-observations', 'OBSERVATIONS', [WILDCARDS.observation]),
  'consent-attestations': durable('consent-attestations', 'EVIDENCE', [WILDCARDS.attestation]),
  'reporting-dead-letters': durable('reporting-dead-letters', 'DEAD', [WILDCARDS.dead]),
} as const satisfies Record<string, ConsumerDefinition>;
export type ConsumerName = keyof typeof CONSUMERS;

/** The same service's consumer of what is given to one of them again. */
export const replayConsumer = (name: string): ConsumerDefinition => durable(`replay-${name}`, 'REPLAYS', [subjects.replay(name)]);

/** Each server's own durable consumer on ORDERS. */
export const orderConsumer = (server: string): ConsumerDefinition => ({
  ...durable(`agent-${server}`, 'ORDERS', [`mw.order.${server}`]),
  ackWaitMs: 60_000,
  maxAckPending: 10,
});

/** Streams that subscribers read: events in our own form, and the same in OCSF. */
export const SUBSCRIBED_STREAMS = ['EVENTS', 'OCSF'] as const satisfies readonly StreamName[];

/** Each subscriber's own durable consumer on a stream; it bears the name of the subscriber's user, and no consumer of a service begins as it does. */
export const subscriberConsumer = (name: string, stream: (typeof SUBSCRIBED_STREAMS)[number]): ConsumerDefinition => durable(`siem-${name}`, stream, STREAMS[stream].subjects);
