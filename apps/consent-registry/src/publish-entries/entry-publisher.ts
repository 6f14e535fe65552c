import { SIGNING_CONTEXTS, signedConsentEntry, type SignedConsentEntry } from '@mailwarden/contracts';
import { verifySignature, type PublicKeyText } from '@mailwarden/kernel';
import { putEntryUnless } from '@mailwarden/messaging';
import type { Logger } from '@mailwarden/observability';
import type { NatsConnection } from '@nats-io/transport-node';
import type { DataSource } from 'typeorm';

/** What could not be published is tried again this often. Units: milliseconds. */
const TRY_AGAIN_MS = 2_000;
/** Every entry is compared with the bucket this often, beside what is known not to be there. Units: milliseconds. */
const COMPARE_ALL_MS = 600_000;
const PAGE_SCOPES = 200;

interface ScopeRow {
  readonly scope_key: string;
  readonly revision: string;
  readonly document: SignedConsentEntry;
}

/**
 * Brings the entries of the database into the bucket that agents follow. What was decided just now goes first, whatever else is under way.
 * An entry of ours with a later revision is never replaced by an earlier one, whichever instance has it.
 */
export class EntryPublisher {
  readonly #urgent = new Set<string>();
  #wanted: 'nothing' | 'unpublished' | 'all' = 'all';
  #working: Promise<void> | null = null;
  #timers: NodeJS.Timeout[] = [];

  constructor(
    private readonly dataSource: DataSource,
    private readonly bus: NatsConnection,
    private readonly publicKey: PublicKeyText,
    private readonly log: Logger,
  ) {}

  start(): void {
    this.#timers = [setInterval(() => this.#want('unpublished'), TRY_AGAIN_MS), setInterval(() => this.lookBack(), COMPARE_ALL_MS)];
    this.lookBack();
  }

  /** To be called after a decision of the scope was committed. */
  kick(scopeKey: string): void {
    this.#urgent.add(scopeKey);
    this.#want('unpublished');
  }

  /** The broker may have lost what it had. */
  lookBack(): void {
    this.#want('all');
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#wanted = 'nothing';
    await this.#working;
  }

  #want(what: 'unpublished' | 'all'): void {
    if (this.#wanted !== 'all') this.#wanted = what;
    this.#working ??= this.#work().finally(() => (this.#working = null));
  }

  /** What could not be published is still wanted: the next call or the timer takes it up. */
  async #work(): Promise<void> {
    while (this.#wanted !== 'nothing') {
      const what = this.#wanted;
      this.#wanted = 'nothing';
      try {
        await this.#publish(what);
      } catch (cause) {
        this.log.warn({ err: cause }, 'consent entries could not be published; they are tried again');
        if (what === 'all') this.#wanted = 'all';
        return;
      }
    }
  }

  async #publish(what: 'unpublished' | 'all'): Promise<void> {
    await this.#urgentFirst();
    for (let after = ''; ; ) {
      const rows = await this.dataSource.query<ScopeRow[]>(`SELECT scope_key, revision, document FROM consent.scope WHERE scope_key > $1 ${what === 'all' ? '' : 'AND published_revision < revision'} ORDER BY scope_key LIMIT ${PAGE_SCOPES}`, [after]);
      for (const row of rows) {
        await this.#urgentFirst();
        await this.#put(row);
      }
      after = rows.at(-1)?.scope_key ?? '';
      if (rows.length < PAGE_SCOPES) return;
    }
  }

  async #urgentFirst(): Promise<void> {
    if (this.#urgent.size === 0) return;
    const keys = [...this.#urgent];
    this.#urgent.clear();
    for (const row of await this.dataSource.query<ScopeRow[]>(`SELECT scope_key, revision, document FROM consent.scope WHERE scope_key = ANY($1)`, [keys])) await this.#put(row);
  }

  async #put({ scope_key: key, revision, document }: ScopeRow): Promise<void> {
    await putEntryUnless(this.bus, 'consent', key, document, (present) => this.#isAsNew(present, document));
    await this.dataSource.query(`UPDATE consent.scope SET published_revision = greatest(published_revision, $2) WHERE scope_key = $1 AND published_revision < $2`, [key, revision]);
  }

  /** Only what we signed ourselves says anything of its revision. */
  #isAsNew(present: unknown, { payload }: SignedConsentEntry): boolean {
    const parsed = signedConsentEntry.safeParse(present);
    if (!parsed.success || parsed.data.payload.revision < payload.revision) return false;
    return verifySignature(this.publicKey, SIGNING_CONTEXTS.consent, (present as { payload: unknown }).payload, parsed.data.signature);
  }
}
