import type { ConsumerProgress } from '@mailwarden/messaging';
import type { NatsConnection } from '@nats-io/transport-node';
import type { DataSource } from 'typeorm';
import { within } from './within.js';

/** Units: milliseconds. */
export interface HealthLimits {
  /** The database and the bus answer within this. */
  readonly answerMs: number;
  /** A consumer that the broker gives nothing to is opened again within this. */
  readonly closedMs: number;
  /** A message that is handled for longer than this is stuck: nothing behind it is heard. */
  readonly stuckMs: number;
  /** One that is handled for longer than this will not end by itself: only a restart helps. */
  readonly hungMs: number;
}

/** A handler takes milliseconds, and no statement longer than half a minute: what takes minutes hangs. */
const LIMITS: HealthLimits = { answerMs: 2_000, closedMs: 10_000, stuckMs: 20_000, hungMs: 300_000 };

/** What is in the way; nothing where all is well. In plain words of ours. */
export interface Verdict {
  readonly well: boolean;
  readonly because: readonly string[];
}

const verdict = (because: readonly (string | null)[]): Verdict => {
  const told = because.filter((reason) => reason !== null);
  return { well: told.length === 0, because: told };
};

const seconds = (ms: number): string => `${Math.round(ms / 1_000)} s`;

/** Whether a service lives, and whether it does its work. Whoever asks is answered by the process itself, so that no answer is an answer too. */
export class ServiceHealth {
  readonly #limits: HealthLimits;
  #progress: () => readonly ConsumerProgress[] = () => [];
  #following = false;

  constructor(
    private readonly parts: { readonly dataSource: Pick<DataSource, 'query'>; readonly bus: Pick<NatsConnection, 'flush' | 'isClosed'> },
    limits: Partial<HealthLimits> = {},
  ) {
    this.#limits = { ...LIMITS, ...limits };
  }

  /** From now on the service consumes; before that it is not ready. */
  follow(progress: () => readonly ConsumerProgress[]): void {
    this.#progress = progress;
    this.#following = true;
  }

  /** Lives as long as no handler hangs. A dependency that is away is no reason to be started again. */
  live(): Verdict {
    return verdict(this.#overdue(this.#limits.hungMs).map((text) => `${text} and hangs`));
  }

  async ready(): Promise<Verdict> {
    const { dataSource, bus } = this.parts;
    const [database, broker] = await Promise.all([this.#answers(() => dataSource.query('SELECT 1')), this.#answers(() => (bus.isClosed() ? Promise.reject(new Error('closed')) : bus.flush()))]);
    return verdict([
      database ? null : 'the database does not answer',
      broker ? null : 'the bus does not answer',
      this.#following ? null : 'nothing is consumed yet',
      ...this.#closed(),
      ...this.#overdue(this.#limits.stuckMs),
    ]);
  }

  #answers(ask: () => Promise<unknown>): Promise<boolean> {
    return within(this.#limits.answerMs, ask).then(
      () => true,
      () => false,
    );
  }

  #closed(): string[] {
    const nowMs = Date.now();
    return this.#progress().flatMap(({ consumer, closedSinceMs }) => (closedSinceMs !== null && nowMs - closedSinceMs > this.#limits.closedMs ? [`${consumer} has not been open for ${seconds(nowMs - closedSinceMs)}`] : []));
  }

  #overdue(limitMs: number): string[] {
    const nowMs = Date.now();
    return this.#progress().flatMap(({ consumer, handlingSinceMs }) => (handlingSinceMs !== null && nowMs - handlingSinceMs > limitMs ? [`${consumer} handles one message for ${seconds(nowMs - handlingSinceMs)}`] : []));
  }
}
