import { WILDCARDS } from '@mailwarden/contracts';
import { sha256 } from '@mailwarden/kernel';
import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';

const PUBLISH_MS_MAX = 5_000;

/** A message for the wire: sealed, with the id that makes a second publication have no effect. */
export interface WireMessage {
  readonly subject: string;
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** Evidence of services lies in one stream with receipts of agents. */
const BESIDE_AGENTS = WILDCARDS.evidence.replace('*', '');

/**
 * The name by which the stream tells a second publication.
 * Safety: agents write into the stream of evidence too and choose their ids, so a name that can be guessed could be used up before its message comes, and the broker would drop that. The signature in the bytes cannot be guessed.
 */
const streamId = ({ subject, id, bytes }: WireMessage): string => (subject.startsWith(BESIDE_AGENTS) ? `${id} ${sha256(bytes)}` : id);

/** Resolves when the stream has the message on disk. Errors: rejects when it has not; the caller keeps the message. */
export async function publishDurable(bus: NatsConnection, message: WireMessage): Promise<void> {
  await jetstream(bus).publish(message.subject, message.bytes, { msgID: streamId(message), timeout: PUBLISH_MS_MAX });
}
