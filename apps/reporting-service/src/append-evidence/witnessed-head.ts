import { SIGNING_CONTEXTS, STREAMS, subjects } from '@mailwarden/contracts';
import { keptCheckpoint, type SignedCheckpoint } from '@mailwarden/evidence-pack';
import { verifySignature, type PublicKeyText } from '@mailwarden/kernel';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';

/** Where heads of the ledger are kept outside of its database. */
export interface HeadSource {
  /** The newest head there; null where there is none. Errors: rejects where it cannot be asked. */
  newest(): Promise<unknown>;
}

const SUBJECT = subjects.event('ledger.checkpoint', 'info', 'fleet');

/** The stream of events, which no service can delete from. */
export class EventHeads implements HeadSource {
  constructor(private readonly bus: NatsConnection) {}

  async newest(): Promise<unknown> {
    const manager = await jetstreamManager(this.bus);
    return (await manager.streams.getMessage(STREAMS.EVENTS.name, { last_by_subj: SUBJECT }))?.json() ?? null;
  }
}

/** The newest head that others have heard of. What cannot be asked at the moment is remembered from before. */
export class WitnessedHead {
  #newest: SignedCheckpoint | null = null;

  constructor(
    private readonly sources: readonly HeadSource[],
    private readonly key: PublicKeyText,
  ) {}

  async newest(): Promise<SignedCheckpoint | null> {
    for (const source of this.sources) {
      const head = keptCheckpoint(await source.newest().catch(() => null));
      // What another key signed is no head of ours: a foreign installation, or somebody who would like us to stop.
      if (head === null || !verifySignature(this.key, SIGNING_CONTEXTS.checkpoint, head.payload, head.signature)) continue;
      if (head.payload.size >= (this.#newest?.payload.size ?? 0)) this.#newest = head;
    }
    return this.#newest;
  }
}
