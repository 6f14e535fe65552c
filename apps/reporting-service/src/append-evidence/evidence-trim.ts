import { CONSUMERS, STREAMS } from '@mailwarden/contracts';
import type { Logger } from '@mailwarden/observability';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';

const LOOK_EVERY_MS = 10 * 60_000;
/** So long evidence also stays on the bus, for whoever rebuilds a database from it. Units: milliseconds. */
const KEPT_MS = 30 * 86_400_000;
/** Above this share of what the stream may hold, age counts no more: a full stream would refuse new evidence of the whole fleet. */
const FULL_SHARE = 0.5;

const STREAM = STREAMS.EVIDENCE;
const TAKERS = Object.values(CONSUMERS).filter(({ stream }) => stream === STREAM.name);

/** The place up to which one taker has handled everything that is meant for it; `last` was the end of the stream before it was asked. 0 when it is not there yet. */
async function takenBy(manager: JetStreamManager, name: string, last: number): Promise<number> {
  try {
    const { ack_floor: floor, num_pending: pending, num_ack_pending: unacknowledged } = await manager.consumers.info(STREAM.name, name);
    // A taker of some subjects does not move past the others: with nothing left for it, it is at the end.
    return pending + unacknowledged === 0 ? last : floor.stream_seq;
  } catch {
    return 0;
  }
}

const takenByAll = async (manager: JetStreamManager, last: number): Promise<number> => Math.min(...(await Promise.all(TAKERS.map(({ name }) => takenBy(manager, name, last)))));

/** The first place whose message is younger than a moment, by halving: messages lie in the order of time. */
async function firstSince(manager: JetStreamManager, first: number, last: number, sinceMs: number): Promise<number> {
  let [low, high] = [first, last + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const message = await manager.streams.getMessage(STREAM.name, { seq: middle });
    if (message !== null && message.time.getTime() >= sinceMs) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * Makes room in the stream of evidence, whose broker drops nothing by itself.
 * Safety: nothing leaves before the ledger and every other taker have committed it. Returns how many messages left.
 */
export async function trimEvidence(manager: JetStreamManager, nowMs: number, keptMs = KEPT_MS): Promise<number> {
  const { state } = await manager.streams.info(STREAM.name);
  const taken = await takenByAll(manager, state.last_seq);
  if (state.messages === 0 || taken < state.first_seq) return 0;
  const full = state.bytes > STREAM.maxBytes * FULL_SHARE;
  const upTo = full ? taken + 1 : await firstSince(manager, state.first_seq, taken, nowMs - keptMs);
  return upTo <= state.first_seq ? 0 : (await manager.streams.purge(STREAM.name, { seq: upTo })).purged;
}

/** Trims again and again; several instances that do it at once do the same. */
export class EvidenceTrim {
  #timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly bus: NatsConnection,
    private readonly log: Logger,
  ) {}

  start(): void {
    this.#timer = setInterval(() => void this.#trim(), LOOK_EVERY_MS);
    this.#timer.unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  async #trim(): Promise<void> {
    try {
      const left = await trimEvidence(await jetstreamManager(this.bus), Date.now());
      if (left > 0) this.log.info({ messages: left }, 'evidence that the ledger holds has left the bus');
    } catch (cause) {
      this.log.warn({ err: cause }, 'the stream of evidence could not be trimmed; it is tried again');
    }
  }
}
