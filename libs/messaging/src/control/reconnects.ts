import type { NatsConnection } from '@nats-io/transport-node';

/** What may be wanted when a connection goes and comes. */
export interface ConnectionListener {
  readonly lost?: () => void;
  readonly back?: () => void;
}

/** Tells of each loss and return of a connection, for as long as it lives. A broker that comes back may have forgotten everything: whoever keeps something there looks after it then. */
export function onReconnect(bus: NatsConnection, listener: ConnectionListener): void {
  void (async () => {
    for await (const { type } of bus.status()) {
      if (type === 'disconnect') listener.lost?.();
      if (type === 'reconnect') listener.back?.();
    }
  })();
}
