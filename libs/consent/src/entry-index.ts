import { scopeKey, scopesOf, type ConsentEntry, type Labels } from '@mailwarden/contracts';
import type { Instant } from '@mailwarden/kernel';

/** Entries by their scope, so that a server finds its own without a look at everybody's. Of two of one scope the later revision counts. */
export class EntryIndex {
  readonly #byScope = new Map<string, ConsentEntry>();
  #publishedAt: Instant | null = null;

  constructor(entries: Iterable<ConsentEntry>) {
    for (const entry of entries) {
      const key = scopeKey(entry.scope);
      const before = this.#byScope.get(key);
      if (before === undefined || before.revision < entry.revision) this.#byScope.set(key, entry);
      if (this.#publishedAt === null || entry.publishedAt > this.#publishedAt) this.#publishedAt = entry.publishedAt;
    }
  }

  /** The entries of a server's scopes, the widest first. */
  of(server: string, labels: Labels): { readonly scope: string; readonly entry: ConsentEntry }[] {
    return scopesOf(server, labels).flatMap((own) => {
      const scope = scopeKey(own);
      const entry = this.#byScope.get(scope);
      return entry === undefined ? [] : [{ scope, entry }];
    });
  }

  /** The instant that entries are judged at: not before any of them was published, whatever the clock here says. A clock that is behind must not keep a withdrawal from counting. */
  judgedAt(clock: Instant): Instant {
    return this.#publishedAt !== null && this.#publishedAt > clock ? this.#publishedAt : clock;
  }
}
