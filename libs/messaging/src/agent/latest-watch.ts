import type { BucketName } from '@mailwarden/contracts';
import type { NatsConnection, Subscription } from '@nats-io/transport-node';

/** Read again this often, in case a change was missed while the connection was bad. Units: milliseconds. */
const READ_AGAIN_MS = 60_000;
const READ_MS_MAX = 3_000;
const FOUND = 0;

/** Follows single keys of a bucket in another account: changes as they are published, the standing value by a direct read of that one key. */
export class LatestWatch {
  #subscriptions: Subscription[] = [];
  #timer: NodeJS.Timeout | null = null;
  #taking: Promise<void> = Promise.resolve();

  constructor(
    private readonly bus: NatsConnection,
    private readonly bucket: BucketName,
    private readonly keys: readonly string[],
    private readonly take: (key: string, bytes: Uint8Array) => Promise<void>,
  ) {}

  /** Listens first and reads then, so that nothing falls between. */
  async start(): Promise<void> {
    this.#subscriptions = this.keys.map((key) =>
      this.bus.subscribe(this.#subjectOf(key), {
        callback: (problem, message) => {
          if (problem === null) void this.#give(key, message.data);
        },
      }),
    );
    this.#timer = setInterval(() => this.readAll(), READ_AGAIN_MS);
    await this.#readAll();
  }

  readAll(): void {
    void this.#readAll();
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
    await this.#taking;
  }

  #subjectOf(key: string): string {
    return `$KV.${this.bucket}.${key}`;
  }

  async #readAll(): Promise<void> {
    await Promise.all(this.keys.map((key) => this.#read(key)));
  }

  /** A key without a value, or a bus that is away, changes nothing. */
  async #read(key: string): Promise<void> {
    try {
      const message = await this.bus.request(`$JS.API.DIRECT.GET.KV_${this.bucket}.${this.#subjectOf(key)}`, '', { timeout: READ_MS_MAX });
      if ((message.headers?.code ?? FOUND) === FOUND) await this.#give(key, message.data);
    } catch {
      return; // Read again on reconnect and by the clock.
    }
  }

  /** One value at a time, in the order in which they came. */
  #give(key: string, bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return Promise.resolve();
    this.#taking = this.#taking.then(() => this.take(key, bytes)).catch(() => undefined);
    return this.#taking;
  }
}
