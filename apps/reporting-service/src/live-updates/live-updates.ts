import type { LiveUpdate } from '@mailwarden/contracts';
import { instantOf, type ServerName } from '@mailwarden/kernel';

export type LiveTopic = LiveUpdate['topic'];

/** Updates of one topic and server within this time are told once. Units: milliseconds. */
const COALESCE_MS = 200;

/** Tells every open console which part of what it shows has changed. */
export class LiveUpdates {
  readonly #listeners = new Set<(update: LiveUpdate) => void>();
  readonly #waiting = new Map<string, { topic: LiveTopic; server: ServerName | null }>();
  #timer: NodeJS.Timeout | null = null;

  tell(topic: LiveTopic, server: string | null = null): void {
    if (this.#listeners.size === 0) return;
    this.#waiting.set(`${topic} ${server ?? ''}`, { topic, server: server as ServerName | null });
    this.#timer ??= setTimeout(() => this.#flush(), COALESCE_MS);
  }

  /** Returns how to stop listening. */
  listen(listener: (update: LiveUpdate) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#listeners.clear();
  }

  #flush(): void {
    this.#timer = null;
    const at = instantOf(Date.now());
    const updates = [...this.#waiting.values()].map((update) => ({ ...update, at }));
    this.#waiting.clear();
    for (const update of updates) for (const listener of this.#listeners) listener(update);
  }
}
