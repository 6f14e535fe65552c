import { MESSAGE_BYTES_MAX, subjects, type DeadLetter } from '@mailwarden/contracts';
import { instantOf, uuidOf } from '@mailwarden/kernel';
import type { JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { publishDurable } from '../control/publish.js';

/** Puts a message aside with its reason; it is gone from its consumer only when the dead letter is on disk. */
export async function putAside(bus: NatsConnection, consumer: string, message: JsMsg, reason: string): Promise<void> {
  const id = uuidOf('dead-letter', consumer, message.info.stream, String(message.info.streamSequence));
  const letter: DeadLetter = {
    schema: 'mailwarden/dead-letter/v1',
    id,
    consumer,
    subject: message.subject.slice(0, 256),
    reason: reason.slice(0, 500),
    at: instantOf(Date.now()),
    original: Buffer.from(message.data.subarray(0, MESSAGE_BYTES_MAX)).toString('base64'),
  };
  await publishDurable(bus, { subject: subjects.dead(consumer), id, bytes: Buffer.from(JSON.stringify(letter)) });
  message.term(reason.slice(0, 100));
}
