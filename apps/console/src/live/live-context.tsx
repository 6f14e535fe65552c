import { createContext, useContext, useSyncExternalStore, type ReactNode } from 'react';
import type { Connection, ConnectionState } from './connection.js';

const Held = createContext<Connection | null>(null);

export function ConnectionHolder({ connection, children }: { readonly connection: Connection; readonly children: ReactNode }) {
  return <Held value={connection}>{children}</Held>;
}

export function useHeldConnection(): Connection {
  const connection = useContext(Held);
  if (connection === null) throw new Error('the connection is held by the console\'s outermost part');
  return connection;
}

/** Whether the service answers and whether live updates arrive. */
export function useConnection(): ConnectionState & { readonly tryNow: () => void } {
  const connection = useHeldConnection();
  return { ...useSyncExternalStore(connection.subscribe, connection.state), tryNow: connection.tryNow };
}
