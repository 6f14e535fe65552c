import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import { Socket } from 'node:net';

/** What one server may tell in one connection: names of a million files, and far from what would fill a mail server's memory. Units: bytes. */
export const TOLD_BYTES_MAX = 128 * 1024 * 1024;

/** How much a socket may be told that a driver opens by itself in the course of some work. */
const guarded = new AsyncLocalStorage<number>();
let listens = false;

class ToldTooMuch extends Error {
  readonly code = 'EMSGSIZE';
}

/**
 * A socket whose other side may be anybody: the product's own account, or whoever took the place of a server that does not run.
 * Safety: a driver that fails on what it is told would end the whole process, and one that waits for the end of an answer would fill the memory. Here both end the connection alone.
 */
export function guardedSocket(socket = new Socket(), bytesMax = TOLD_BYTES_MAX): Socket {
  const emit = socket.emit.bind(socket) as (event: string | symbol, ...values: unknown[]) => boolean;
  let told = 0;
  socket.emit = (event: string | symbol, ...values: unknown[]): boolean => {
    if (event !== 'data') return emit(event, ...values);
    told += (values[0] as Buffer).length;
    if (told > bytesMax) return endWith(socket, new ToldTooMuch('the server told more than is read'));
    try {
      return emit(event, ...values);
    } catch (cause) {
      return endWith(socket, cause as Error);
    }
  };
  return socket;
}

function endWith(socket: Socket, cause: Error): true {
  socket.destroy(cause);
  return true;
}

function guardOpened(message: unknown): void {
  const bytesMax = guarded.getStore();
  if (bytesMax !== undefined) guardedSocket((message as { socket: Socket }).socket, bytesMax);
}

/** Guards whatever socket a driver opens in the course of `work`. */
export function withGuardedSockets<T>(work: () => T, bytesMax = TOLD_BYTES_MAX): T {
  if (!listens) subscribe('net.client.socket', guardOpened);
  listens = true;
  return guarded.run(bytesMax, work);
}
