import { liveUpdate, ROUTES } from '@mailwarden/contracts';
import type { QueryClient } from '@tanstack/react-query';
import { addressOf } from '../api/address.js';
import { waitBefore } from './backoff.js';
import type { Connection } from './connection.js';
import { keysOf, withoutRepeats } from './topic-keys.js';

/** Updates that come close together are read anew once. Units: milliseconds. */
const GATHER_MS = 250;

/**
 * Listens to live updates and has the matching pages read anew, in place.
 * After a gap everything is read anew, since nobody knows what was missed. Returns how to stop.
 */
export function listenLive(questions: QueryClient, connection: Connection): () => void {
  let source: EventSource | null = null;
  let retry: number | null = null;
  let gathering: number | null = null;
  let failures = 0;
  let waiting: (readonly string[])[] = [];

  const flush = (): void => {
    gathering = null;
    const keys = withoutRepeats(waiting);
    waiting = [];
    for (const key of keys) void questions.invalidateQueries({ queryKey: [...key] }, { cancelRefetch: false });
  };

  const open = (): void => {
    retry = null;
    source = new EventSource(addressOf(ROUTES.stream.path));
    source.addEventListener('open', () => {
      const missed = failures > 0;
      failures = 0;
      connection.streaming('live');
      if (missed) void questions.invalidateQueries();
    });
    source.addEventListener('message', (message: MessageEvent<string>) => {
      const update = liveUpdate.safeParse(jsonOf(message.data));
      if (!update.success) return;
      waiting.push(...keysOf(update.data));
      gathering ??= window.setTimeout(flush, GATHER_MS);
    });
    source.addEventListener('error', () => {
      source?.close();
      failures += 1;
      connection.streaming('away');
      retry ??= window.setTimeout(open, waitBefore(failures, Math.random()));
    });
  };

  open();
  return () => {
    source?.close();
    if (retry !== null) window.clearTimeout(retry);
    if (gathering !== null) window.clearTimeout(gathering);
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
