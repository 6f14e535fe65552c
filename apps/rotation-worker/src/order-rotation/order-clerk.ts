import type { Logger } from '@mailwarden/observability';
import type { OutboxRelay } from '@mailwarden/persistence';
import type { DataSource } from 'typeorm';
import type { Requests } from '../ask-approval/requests.js';
import type { Marks } from '../mark-first/marks.js';
import type { RolloutClerk } from '../roll-out/rollout-clerk.js';
import { expireOrders } from './expire-orders.js';

const LOOK_EVERY_MS = 1_000;

export interface ClerkParts {
  readonly dataSource: DataSource;
  readonly relay: OutboxRelay;
  readonly requests: Requests;
  readonly marks: Marks;
  readonly rollouts: RolloutClerk;
  readonly log: Logger;
}

/** Does what time brings, whoever speaks: orders, requests and marks that run out, and rollouts that move on. Instances take turns by a database lock. */
export class OrderClerk {
  #timer: NodeJS.Timeout | null = null;
  #working: Promise<void> | null = null;

  constructor(private readonly parts: ClerkParts) {}

  start(): void {
    this.#timer = setInterval(() => {
      this.#working ??= this.#look().finally(() => {
        this.#working = null;
      });
    }, LOOK_EVERY_MS);
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#working;
  }

  async #look(): Promise<void> {
    const { dataSource, relay, requests, marks, rollouts, log } = this.parts;
    try {
      await dataSource.transaction(async (tx) => {
        const [lock] = await tx.query<{ held: boolean }[]>(`SELECT pg_try_advisory_xact_lock(hashtext('rotation clerk')) AS held`);
        if (lock?.held !== true) return;
        const nowMs = Date.now();
        await expireOrders(tx, nowMs);
        await requests.lapse(tx, nowMs);
        await marks.lapse(tx, nowMs);
        await rollouts.step(tx, nowMs);
      });
      relay.kick();
    } catch (cause) {
      log.warn({ err: cause }, 'what time brings could not be done; it is tried again');
    }
  }
}
