import { readFileSync } from 'node:fs';
import { connect, credsAuthenticator, type ConnectionOptions, type NatsConnection } from '@nats-io/transport-node';

/** Where the bus is and how to enter it. The credential is read anew for each connection, so that a newer one counts. */
export interface BusAddress {
  readonly url: string;
  readonly credsFile: string;
  readonly caFile: string;
  /** Name that the broker shows for the connection. */
  readonly name: string;
}

const RECONNECT_WAIT_MS = 250;
const RECONNECT_JITTER_MS = 500;
const PING_MS = 10_000;
const CONNECT_MS_MAX = 5_000;

/** What a file holds now; what it held before where it cannot be read. Errors: throws where it never could. */
function latestOf(file: string): () => Uint8Array {
  let held: Uint8Array = readFileSync(file);
  return () => {
    try {
      held = readFileSync(file);
    } catch {
      // Somebody may be putting a newer one there.
    }
    return held;
  };
}

/** Options of every connection: it comes back for ever, and tells a dead peer within half a minute. */
export function connectionOptions({ url, credsFile, caFile, name }: BusAddress): ConnectionOptions {
  return {
    servers: url.split(','),
    name,
    authenticator: credsAuthenticator(latestOf(credsFile)),
    tls: { caFile },
    timeout: CONNECT_MS_MAX,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_WAIT_MS,
    reconnectJitterTLS: RECONNECT_JITTER_MS,
    pingInterval: PING_MS,
    maxPingOut: 2,
    ignoreAuthErrorAbort: true,
    waitOnFirstConnect: true,
  };
}

/** Connects a service; waits for a broker that is not there yet. */
export function connectBus(address: BusAddress): Promise<NatsConnection> {
  return connect(connectionOptions(address));
}
