import { readFile } from 'node:fs/promises';
import { connect, credsAuthenticator, type ConnectionOptions, type NatsConnection } from '@nats-io/transport-node';

/** Where the bus is and how to enter it. Files are read once. */
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

/** Options of every connection: it comes back for ever, and tells a dead peer within half a minute. */
export async function connectionOptions({ url, credsFile, caFile, name }: BusAddress): Promise<ConnectionOptions> {
  return {
    servers: url,
    name,
    authenticator: credsAuthenticator(await readFile(credsFile)),
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
export async function connectBus(address: BusAddress): Promise<NatsConnection> {
  return connect(await connectionOptions(address));
}
