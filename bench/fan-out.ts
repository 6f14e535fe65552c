import type { IdentityFiles } from '@mailwarden/identity';
import { connectBus } from '@mailwarden/messaging';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';

const SUBSCRIBERS = 10_000;
const CONNECTIONS = 20;
const ROUNDS = 9;
const WAIT_MS_MAX = 60_000;
const SUBJECT = 'mw.heartbeat.bench';
const KEY = 'group.bench';

/** Times from the first byte sent to the last of all subscribers. */
export interface FanOut {
  readonly plainMs: readonly number[];
  readonly entriesMs: readonly number[];
}

/** Counts to a number; resolves when it is there. */
class Countdown {
  #left = 0;
  #done: () => void = () => undefined;

  hear(): void {
    this.#left -= 1;
    if (this.#left === 0) this.#done();
  }

  of(count: number): Promise<void> {
    this.#left = count;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${this.#left} of ${count} heard nothing`)), WAIT_MS_MAX);
      this.#done = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

async function timed(countdown: Countdown, send: () => Promise<unknown>): Promise<number> {
  const heard = countdown.of(SUBSCRIBERS);
  const startedAt = performance.now();
  await send();
  await heard;
  return performance.now() - startedAt;
}

/** One entry of consent to ten thousand watchers, beside a plain message of the same bytes to as many plain subscribers on the same connections. */
export async function benchFanOut(url: string, identity: IdentityFiles, bytes: Uint8Array): Promise<FanOut> {
  const address = { url, credsFile: identity.services.reporting.creds, caFile: identity.certificates.ca };
  const connections: NatsConnection[] = [];
  for (let index = 0; index < CONNECTIONS; index += 1) connections.push(await connectBus({ ...address, name: `bench-${index}` }));
  const publisher = await connectBus({ url, credsFile: identity.services.consent.creds, caFile: identity.certificates.ca, name: 'bench' });
  try {
    const [plain, entries] = [new Countdown(), new Countdown()];
    for (let index = 0; index < SUBSCRIBERS; index += 1) {
      const connection = connections[index % CONNECTIONS];
      connection?.subscribe(SUBJECT, { callback: () => plain.hear() });
      // As an agent follows an entry: changes as they are published.
      connection?.subscribe(`$KV.consent.${KEY}`, { callback: () => entries.hear() });
    }
    await Promise.all(connections.map((connection) => connection.flush()));
    const bucket = await new Kvm(publisher).open('consent');
    const plainMs: number[] = [];
    const entriesMs: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      plainMs.push(await timed(plain, async () => publisher.publish(SUBJECT, bytes)));
      entriesMs.push(await timed(entries, () => bucket.put(KEY, bytes)));
    }
    return { plainMs, entriesMs };
  } finally {
    for (const connection of [...connections, publisher]) await connection.close();
  }
}
