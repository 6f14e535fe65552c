import { MESSAGE_TYPES, observation, textTold, type Envelope, type Observation, type TextTold } from '@mailwarden/contracts';
import { instantOf } from '@mailwarden/kernel';
import { Consumes, RetryLater, type Received } from '@mailwarden/messaging';
import { handleOnce } from '@mailwarden/persistence';
import { Controller } from '@nestjs/common';
import { DataSource } from 'typeorm';
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
  ) {}

  @Consumes('reporting-observations', { types: { [MESSAGE_TYPES.observation]: observation, [MESSAGE_TYPES.textTold]: textTold } })
  async consume(received: Received<Observation | TextTold>): Promise<void> {
    // A text that an officer asked for: the consent registry takes it.
    if (received.envelope.type === MESSAGE_TYPES.textTold) return;
    const envelope = received.envelope as Envelope<Observation>;
    const { server } = envelope.data;
    requireOwnWord(envelope, server);
    await handleOnce(this.dataSource, 'reporting-observations', handledKey(envelope), async (tx) => {
      const projected = await this.projection.project(tx, envelope.data, envelope.sequence, instantOf(Date.now()));
      if (!projected) throw new RetryLater(NOT_ENROLLED_RETRY_MS, 'the server is not in the fleet yet');
    });
    this.events.kick();
    for (const topic of ['server', 'fleet', 'findings'] as const) this.live.tell(topic, server);
  }
}
