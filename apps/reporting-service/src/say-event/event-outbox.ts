import { eventType, subjects, type EventName, type EventPayload } from '@mailwarden/contracts';
import type { Instant, Severity } from '@mailwarden/kernel';
import { enqueue, type OutboxRelay } from '@mailwarden/persistence';
import type { EntityManager } from 'typeorm';

/** One thing that happened, as subscribers hear of it. */
export interface RaisedEvent<N extends EventName> {
  /** Stable for the happening, so that saying it twice is hearing it once. */
  readonly id: string;
  /** Server, or `fleet` for what concerns no one server. */
  readonly server: string;
  readonly severity: Severity;
  readonly at: Instant;
  readonly detail: EventPayload<N>;
}

/** Writes events beside the change they tell of; they leave after the commit. */
export class EventOutbox {
  constructor(private readonly relay: Pick<OutboxRelay, 'kick'>) {}

  async raise<N extends EventName>(tx: EntityManager, name: N, event: RaisedEvent<N>): Promise<void> {
    const { id, server, severity, at, detail } = event;
    await enqueue(tx, { id, subject: subjects.event(name, severity, server), type: eventType(name), data: { event: name, server, severity, at, detail } });
  }

  /** To be called after the commit, so that nobody waits for the next sweep. */
  kick(): void {
    this.relay.kick();
  }
}
