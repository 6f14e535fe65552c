import type { BucketName } from '@mailwarden/contracts';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { connectionOptions } from '../control/connect-bus.js';
import { LatestWatch } from './latest-watch.js';
import { inboxPrefixOf, OrderPull, type OrderHandler } from './order-pull.js';
import { publishAcknowledged } from './publish-acknowledged.js';

const ANSWER_MS_MAX = 15_000;

/** The bus as one server's agent sees it: its own subjects, its own orders, the entries that concern it. */
export interface AgentBus {
  /** Resolves when the stream has the message on disk. Errors: rejects when it has not. */
  publishDurable(subject: string, id: string, bytes: Uint8Array): Promise<void>;
  /** Sends without waiting for anything; lost when the bus is away. */
  publishCore(subject: string, bytes: Uint8Array): void;
  /** Gives each order in turn, for as long as the connection lives. */
  takeOrders(handle: OrderHandler): Promise<void>;
  /** Gives the newest value of each key and then each change. Values may come twice; the taker tells new from old. */
  watchLatest(bucket: BucketName, keys: readonly string[], take: (key: string, bytes: Uint8Array) => Promise<void>): Promise<{ stop(): Promise<void> }>;
  /** Asks and waits for the answer. Errors: rejects when none came in time. */
  ask(subject: string, bytes: Uint8Array): Promise<Uint8Array>;
  /** Ends the connection and begins it anew, with what the credential's file holds now. Resolves when it stands again. */
  reconnect(): Promise<void>;
  onReconnect(listener: () => void): void;
  /** Called when the connection is gone; it is looked for again by itself. */
  onLost(listener: () => void): void;
  close(): Promise<void>;
}

/** Connects the agent of one server; waits, for ever, for a bus that is away. Safety: the inbox is the server's own, so that no other agent can listen to it. */
export async function connectAgentBus(address: { url: string; credsFile: string; caFile: string; server: string }): Promise<AgentBus> {
  const options = connectionOptions({ ...address, name: `agent-${address.server}` });
  const bus = await connect({ ...options, inboxPrefix: inboxPrefixOf(address.server) });
  return new ConnectedAgentBus(bus, address.server);
}

class ConnectedAgentBus implements AgentBus {
  readonly #reconnected: (() => void)[] = [];
  readonly #lost: (() => void)[] = [];
  /** Called at the next reconnection alone. */
  readonly #once: (() => void)[] = [];
  readonly #closers: (() => Promise<void>)[] = [];

  constructor(
    private readonly bus: NatsConnection,
    private readonly server: string,
  ) {
    void this.#followStatus();
  }

  publishDurable(subject: string, id: string, bytes: Uint8Array): Promise<void> {
    return publishAcknowledged(this.bus, subject, id, bytes);
  }

  publishCore(subject: string, bytes: Uint8Array): void {
    if (!this.bus.isClosed()) this.bus.publish(subject, bytes);
  }

  async ask(subject: string, bytes: Uint8Array): Promise<Uint8Array> {
    return (await this.bus.request(subject, bytes, { timeout: ANSWER_MS_MAX })).data;
  }

  async reconnect(): Promise<void> {
    const again = new Promise<void>((resolve) => this.#once.push(resolve));
    await this.bus.reconnect();
    await again;
  }

  takeOrders(handle: OrderHandler): Promise<void> {
    const pull = new OrderPull(this.bus, this.server, handle);
    pull.start();
    this.#closers.push(() => pull.stop());
    return Promise.resolve();
  }

  async watchLatest(bucket: BucketName, keys: readonly string[], take: (key: string, bytes: Uint8Array) => Promise<void>): Promise<{ stop(): Promise<void> }> {
    const watch = new LatestWatch(this.bus, bucket, keys, take);
    await watch.start();
    this.onReconnect(() => watch.readAll());
    this.#closers.push(() => watch.stop());
    return { stop: () => watch.stop() };
  }

  onReconnect(listener: () => void): void {
    this.#reconnected.push(listener);
  }

  onLost(listener: () => void): void {
    this.#lost.push(listener);
  }

  async close(): Promise<void> {
    for (const close of this.#closers) await close();
    if (!this.bus.isClosed()) await this.bus.drain();
  }

  async #followStatus(): Promise<void> {
    for await (const status of this.bus.status()) {
      if (status.type === 'disconnect') for (const listener of this.#lost) listener();
      if (status.type === 'reconnect') for (const listener of [...this.#reconnected, ...this.#once.splice(0)]) listener();
    }
  }
}
