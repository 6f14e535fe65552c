import type { PolicyOverview } from '@mailwarden/contracts';
import type { Logger } from '@mailwarden/observability';
import { TOO_MANY_HOLDS_ADVICE } from '@mailwarden/policy';

/** A whole fleet may have the same trouble: so many servers are told by name. */
const TOLD_MAX = 50;

/** Servers whose bundle would not fit its own form, and why. */
export class BundleMisfits {
  readonly #words = new Map<string, string>();

  constructor(private readonly log: Logger) {}

  has(server: string): boolean {
    return this.#words.has(server);
  }

  /** Null where it fits. What is new is logged. */
  note(server: string, words: string | null): void {
    if (words === null) {
      this.#words.delete(server);
      return;
    }
    if (this.#words.get(server) !== words) this.log.error({ server }, `nothing is ordered for the server, and its bundle keeps everything: ${words}; ${TOO_MANY_HOLDS_ADVICE}`);
    this.#words.set(server, words);
  }

  keepOnly(servers: readonly string[]): void {
    const members = new Set(servers);
    for (const server of this.#words.keys()) if (!members.has(server)) this.#words.delete(server);
  }

  problems(): PolicyOverview['problems'] {
    const told = [...this.#words].slice(0, TOLD_MAX).map(([server, words]) => ({ file: `bundle: ${server}`, line: 1, path: 'holds', message: `nothing is ordered for the server, whose bundle keeps everything: ${words}; ${TOO_MANY_HOLDS_ADVICE}`.slice(0, 500) }));
    const more = this.#words.size - told.length;
    return more > 0 ? [...told, { file: 'bundles', line: 1, path: 'holds', message: `the same is so for ${more} more servers` }] : told;
  }
}
