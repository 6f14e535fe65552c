import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';

const PUBLISH_MS_MAX = 5_000;

/** A message for the wire: sealed, with the id that makes a second publication have no effect. */
export interface WireMessage {
  readonly subject: string;
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** Resolves when the stream has the message on disk. Errors: rejects when it has not; the caller keeps the message. */
export async function publishDurable(bus: NatsConnection, message: WireMessage): Promise<void> {
  await jetstream(bus).publish(message.subject, message.bytes, { msgID: message.id, timeout: PUBLISH_MS_MAX });
}
