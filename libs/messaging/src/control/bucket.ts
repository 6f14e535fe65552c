import type { BucketName } from '@mailwarden/contracts';
import { canonicalJson } from '@mailwarden/kernel';
import { JetStreamApiError } from '@nats-io/jetstream';
import { Kvm, type KV } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { onReconnect } from './reconnects.js';

export interface BucketEntry {
  readonly key: string;
  /** Parsed JSON; null when the entry was deleted or is not JSON. */
  readonly value: unknown;
  readonly revision: number;
}

const REOPEN_MS = 1_000;
const decoder = new TextDecoder();

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch {
    return null;
  }
}

/** Others write the same entry at the same time so often at most. */
const TRIES_MAX = 10;

/**
 * Writes an entry unless what stands there will do. Of several writers none replaces what it has not seen.
 * Errors: rejects when others kept writing it.
 */
export async function putEntryUnless(bus: NatsConnection, bucket: BucketName, key: string, value: unknown, willDo: (present: unknown) => boolean): Promise<void> {
  const store = await new Kvm(bus).open(bucket);
  const text = canonicalJson(value);
  for (let tries = 1; ; tries += 1) {
    const present = await store.get(key);
    if (present !== null && present.operation === 'PUT' && willDo(parsed(present.value))) return;
    try {
      await (present === null ? store.create(key, text) : store.update(key, text, present.revision));
      return;
    } catch (cause) {
      if (tries >= TRIES_MAX || !isOvertaken(cause)) throw cause;
    }
  }
}

/** Somebody wrote the entry since it was read. Source: JetStream, error 10071. */
const isOvertaken = (cause: unknown): boolean => cause instanceof JetStreamApiError && cause.code === 10_071;

/** Writes an entry unless it already says the same, so that a restart wakes nobody. */
export const putEntry = (bus: NatsConnection, bucket: BucketName, key: string, value: unknown): Promise<void> => putEntryUnless(bus, bucket, key, value, (present) => canonicalJson(present) === canonicalJson(value));

/** Reads a bucket from its newest values on until stopped; `filled` resolves when those that stood at the start were given. */
class BucketReader {
  #stopped = false;
  #close: (() => void) | null = null;
  #loop: Promise<void> = Promise.resolve();

  constructor(
    private readonly bus: NatsConnection,
    private readonly bucket: BucketName,
    private readonly filter: string,
    private readonly take: (entry: BucketEntry) => unknown,
  ) {}

  async filled(): Promise<void> {
    // A broker that comes back may have lost the bucket, and its watch then says nothing: everything is read again.
    onReconnect(this.bus, { back: () => this.#close?.() });
    await new Promise<void>((resolve, reject) => {
      this.#loop = this.#run(resolve, reject);
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#close?.();
    await this.#loop;
  }

  async #run(onFilled: () => void, onFailed: (cause: unknown) => void): Promise<void> {
    let first = true;
    while (!this.#stopped && !this.bus.isClosed()) {
      try {
        await this.#read(await new Kvm(this.bus).open(this.bucket), onFilled);
      } catch (cause) {
        if (first) onFailed(cause);
      }
      first = false;
      if (!this.#stopped) await new Promise((resolve) => setTimeout(resolve, REOPEN_MS));
    }
  }

  async #read(store: KV, onFilled: () => void): Promise<void> {
    const { streamInfo } = await store.status();
    const standing = streamInfo.state.messages === 0 ? 0 : streamInfo.state.last_seq;
    if (standing === 0) onFilled();
    const entries = await store.watch({ key: this.filter });
    this.#close = () => entries.stop();
    for await (const entry of entries) {
      await this.take({ key: entry.key, value: entry.operation === 'PUT' ? parsed(entry.value) : null, revision: entry.revision });
      if (entry.revision >= standing || entry.delta === 0) onFilled();
    }
  }
}

/**
 * Gives each entry of a bucket as it stands, then each change, for as long as the connection lives.
 * Resolves when all entries that stood at the start were given. Errors: rejects when the bucket cannot be read at the start.
 */
export async function watchBucket(bus: NatsConnection, bucket: BucketName, filter: string, take: (entry: BucketEntry) => unknown): Promise<{ stop(): Promise<void> }> {
  const reader = new BucketReader(bus, bucket, filter, take);
  await reader.filled();
  return { stop: () => reader.stop() };
}
