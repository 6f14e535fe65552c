import { MESSAGE_BYTES_MAX, STREAMS, subjects, type DeadLetter, type DeadLetterSettled } from '@mailwarden/contracts';
import { instantOf, uuidOf } from '@mailwarden/kernel';
import { jetstream, type JsMsg } from '@nats-io/jetstream';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { publishDurable } from '../control/publish.js';

const LETTER_HEADER = 'Mailwarden-Letter';
const SUBJECT_HEADER = 'Mailwarden-Subject';
const TRIES_HEADER = 'Mailwarden-Tries';
const PUBLISH_MS_MAX = 5_000;
const REASON_CHARACTERS_MAX = 500;
const TERM_CHARACTERS_MAX = 100;
const SUBJECT_CHARACTERS_MAX = 256;

/** A message that was put aside before and is given once more to the consumer that did. */
export interface Replay {
  /** Id of the dead letter. */
  readonly letter: string;
  /** Where the message was published first: what its signature and its origin are checked against. */
  readonly subject: string;
  /** How often it was put aside so far. */
  readonly tries: number;
}

/**
 * What a message says of its replay; null for one that comes for the first time.
 * Safety: believed in the stream of replays alone, where no agent can publish. It says where the message once was, never who wrote it: that is checked anew.
 */
export function replayOf(message: JsMsg): Replay | null {
  if (message.info.stream !== STREAMS.REPLAYS.name) return null;
  const said = (name: string): string => message.headers?.get(name) ?? '';
  return { letter: said(LETTER_HEADER), subject: said(SUBJECT_HEADER), tries: Number(said(TRIES_HEADER)) || 1 };
}

/** Gives a message that was put aside to its consumer again. Asked twice for the same try, the stream keeps it once. */
export async function publishReplay(bus: NatsConnection, consumer: string, { letter, subject, tries }: Replay, bytes: Uint8Array): Promise<void> {
  const said = headers();
  said.set(LETTER_HEADER, letter);
  said.set(SUBJECT_HEADER, subject);
  said.set(TRIES_HEADER, String(tries));
  await jetstream(bus).publish(subjects.replay(consumer), bytes, { msgID: `replay ${letter} ${tries}`, headers: said, timeout: PUBLISH_MS_MAX });
}

/** Puts a message aside with its reason; it is gone from its consumer only when the dead letter is on disk. One that failed again keeps its id and counts. */
export async function putAside(bus: NatsConnection, consumer: string, message: JsMsg, reason: string): Promise<void> {
  const replay = replayOf(message);
  const { stream, streamSequence, timestampNanos } = message.info;
  const tries = (replay?.tries ?? 0) + 1;
  const letter: DeadLetter = {
    schema: 'mailwarden/dead-letter/v1',
    // A stream that was made anew begins to count anew: the moment tells its messages from those before.
    id: replay?.letter ?? uuidOf('dead-letter', consumer, stream, String(streamSequence), String(timestampNanos)),
    consumer,
    subject: (replay?.subject ?? message.subject).slice(0, SUBJECT_CHARACTERS_MAX),
    reason: reason.slice(0, REASON_CHARACTERS_MAX),
    at: instantOf(Date.now()),
    original: Buffer.from(message.data.subarray(0, MESSAGE_BYTES_MAX)).toString('base64'),
    tries,
  };
  await publishDurable(bus, { subject: subjects.dead(consumer), id: `${letter.id} ${tries}`, bytes: Buffer.from(JSON.stringify(letter)) });
  message.term(reason.slice(0, TERM_CHARACTERS_MAX));
}

/** Says that a replay was handled, so that its dead letter waits no more. Errors: rejects when the stream has not kept it. */
export async function tellSettled(bus: NatsConnection, consumer: string, { letter, tries }: Replay): Promise<void> {
  const settled: DeadLetterSettled = { schema: 'mailwarden/dead-letter-settled/v1', id: letter, consumer, at: instantOf(Date.now()), tries };
  await publishDurable(bus, { subject: subjects.dead(consumer), id: `settled ${letter} ${tries}`, bytes: Buffer.from(JSON.stringify(settled)) });
}
