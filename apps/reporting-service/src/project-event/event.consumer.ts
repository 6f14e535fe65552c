import { anyEventData, EVENT_NAMES, eventData, eventType, serverOfSource, type AnyEventData } from '@mailwarden/contracts';
import { instantOf } from '@mailwarden/kernel';
import { Consumes, Poison, type Received } from '@mailwarden/messaging';
import { handleOnce } from '@mailwarden/persistence';
import { Controller } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { SequenceBook } from '../keep-sequences/sequence-book.js';
import { LiveUpdates, type LiveTopic } from '../live-updates/live-updates.js';
import { RotationProjection } from '../project-rotation/rotation-projection.js';
import { handledKey, requireStorable } from '../schema/received.js';

const TYPES = Object.fromEntries(EVENT_NAMES.map((name) => [eventType(name), anyEventData]));
const proved = eventData('rotation.proved');

/** What is shown anew when an event of a domain was heard: these are raised by the rotation worker, whose state the pages ask for. */
const SHOWN: Readonly<Record<string, LiveTopic>> = { rotation: 'rotations', rollout: 'rotations', policy: 'policies' };

/** Keeps what subscribers heard, so that the console and the command line show the same. */
@Controller()
export class EventConsumer {
  constructor(
    private readonly dataSource: DataSource,
    private readonly rotations: RotationProjection,
    private readonly live: LiveUpdates,
    private readonly sequences: SequenceBook,
  ) {}

  @Consumes('reporting-events', { types: TYPES })
  async consume({ envelope }: Received<AnyEventData>): Promise<void> {
    if (serverOfSource(envelope.source) !== undefined) throw new Poison('agents raise no events');
    requireStorable(envelope.data);
    await handleOnce(this.dataSource, 'reporting-events', handledKey(envelope), async (tx) => {
      await this.sequences.note(tx, envelope, 'event', instantOf(Date.now()));
      await this.#keep(tx, envelope.id, envelope.data);
      await this.#keepProof(tx, envelope.data);
    });
    this.live.tell('events');
    const topic = SHOWN[envelope.data.event.split('.')[0] ?? ''];
    if (topic !== undefined) this.live.tell(topic);
  }

  /** Numbered here and not by the stream, whose numbers begin anew when a broker is restored. */
  async #keep(tx: EntityManager, id: string, data: AnyEventData): Promise<void> {
    await tx.query(`INSERT INTO reporting.event (id, at, name, server, severity, detail) VALUES ($1, $2, $3, $4, $5, $6)`, [
      id,
      data.at,
      data.event,
      data.server,
      data.severity,
      JSON.stringify(data.detail),
    ]);
  }

  async #keepProof(tx: EntityManager, data: AnyEventData): Promise<void> {
    if (data.event !== 'rotation.proved') return;
    const parsed = proved.safeParse(data);
    if (!parsed.success) throw new Poison('the proof of a rotation has another form');
    const { order, items, bytes } = parsed.data.detail;
    await this.rotations.keepProof(tx, { order, items, bytes, observedAt: parsed.data.at });
    this.live.tell('rotations', data.server);
  }
}
