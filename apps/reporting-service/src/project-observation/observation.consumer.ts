import { MESSAGE_TYPES, observation, textTold, type Envelope, type Observation, type TextTold } from '@mailwarden/contracts';
import { instantOf } from '@mailwarden/kernel';
import { Consumes, RetryLater, type Received } from '@mailwarden/messaging';
import { handleOnce } from '@mailwarden/persistence';
import { Controller } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { SequenceBook } from '../keep-sequences/sequence-book.js';
import { LiveUpdates } from '../live-updates/live-updates.js';
import { EventOutbox } from '../say-event/event-outbox.js';
import { handledKey, requireOwnWord } from '../schema/received.js';
import { ObservationProjection } from './observation-projection.js';

/** A server whose membership has not arrived yet is asked about again after this. Units: milliseconds. */
const NOT_ENROLLED_RETRY_MS = 5_000;

@Controller()
export class ObservationConsumer {
  constructor(
    private readonly dataSource: DataSource,
    private readonly projection: ObservationProjection,
    private readonly events: EventOutbox,
    private readonly live: LiveUpdates,
    private readonly sequences: SequenceBook,
  ) {}

  @Consumes('reporting-observations', { types: { [MESSAGE_TYPES.observation]: observation, [MESSAGE_TYPES.textTold]: textTold } })
  async consume(received: Received<Observation | TextTold>): Promise<void> {
    const { server } = received.envelope.data;
    requireOwnWord(received.envelope, server);
    // A text that an officer asked for: the consent registry takes it.
    if (received.envelope.type === MESSAGE_TYPES.textTold) return this.#count(received.envelope);
    const envelope = received.envelope as Envelope<Observation>;
    await handleOnce(this.dataSource, 'reporting-observations', handledKey(envelope), async (tx) => {
      await this.sequences.note(tx, envelope, 'agent', instantOf(Date.now()));
      const projected = await this.projection.project(tx, envelope.data, envelope.sequence, instantOf(Date.now()));
      if (!projected) throw new RetryLater(NOT_ENROLLED_RETRY_MS, 'the server is not in the fleet yet');
    });
    this.events.kick();
    for (const topic of ['server', 'fleet', 'findings'] as const) this.live.tell(topic, server);
  }

  /** It has a number of the agent's all the same. */
  async #count(envelope: Envelope): Promise<void> {
    await handleOnce(this.dataSource, 'reporting-observations', handledKey(envelope), (tx) => this.sequences.note(tx, envelope, 'agent', instantOf(Date.now())));
  }
}
