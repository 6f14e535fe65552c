import type { AssessedFinding } from '@mailwarden/contracts';
import { instantOf } from '@mailwarden/kernel';
import type { Logger } from '@mailwarden/observability';
import type { DataSource, EntityManager } from 'typeorm';
import type { LedgerBook, SignedCheckpoint } from '../append-evidence/ledger-book.js';
import type { FindingBook } from '../keep-findings/finding-book.js';
import type { EventOutbox } from '../say-event/event-outbox.js';
import type { Witness } from './witness.js';

/** Units: milliseconds. */
const LOOK_EVERY_MS = 2_000;
const RETRY_MS_MIN = 2_000;
const RETRY_MS_MAX = 300_000;
/** So long a witness may be away before it is a finding. Units: milliseconds. */
const BEHIND_AFTER_MS = 15 * 60_000;
const WORDS_MAX = 200;

/** How a witness is. */
interface WitnessState {
  /** Entries of the ledger in the head that it has. */
  readonly size: number;
  readonly toldMs: number;
  readonly failingMs: number | null;
}

interface StateRow {
  readonly size: string;
  readonly told_at: Date | null;
  readonly failing_since: Date | null;
}

const stateFrom = (row: StateRow | undefined): WitnessState => ({ size: Number(row?.size ?? 0), toldMs: row?.told_at?.getTime() ?? 0, failingMs: row?.failing_since?.getTime() ?? null });

const behind = ({ name }: Witness, since: Date, problem: string): AssessedFinding => ({
  code: 'witness-behind',
  severity: 'medium',
  store: null,
  subject: name,
  message: `the witness "${name}" has taken no checkpoint of the ledger since ${since.toISOString()}: ${problem}`.slice(0, 500),
  advice: 'see that it can be reached and written to from the reporting service; what is signed meanwhile stays in the stream of events',
  source: 'what the witness answered',
});

/** Hands the newest signed head to each witness, whenever the ledger has grown. A witness that is away holds up nobody: it gets the newest one when it is back, and no queue grows. */
export class WitnessDesk {
  readonly #retries = new Map<string, { readonly atMs: number; readonly waitMs: number }>();
  #timer: NodeJS.Timeout | null = null;
  #working: Promise<void> = Promise.resolve();

  constructor(
    private readonly parts: { readonly dataSource: DataSource; readonly ledger: LedgerBook; readonly findings: FindingBook; readonly events: EventOutbox; readonly log: Logger },
    readonly witnesses: readonly Witness[],
    private readonly behindAfterMs = BEHIND_AFTER_MS,
  ) {}

  start(): void {
    if (this.witnesses.length === 0) return;
    this.#timer = setTimeout(() => {
      this.#working = this.look().finally(() => {
        if (this.#timer !== null) this.start();
      });
    }, LOOK_EVERY_MS);
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#working;
  }

  /** Tells those that are due; never throws. */
  async look(): Promise<void> {
    try {
      const newest = await this.parts.ledger.newestCheckpoint();
      if (newest !== null) await Promise.all(this.witnesses.map((witness) => this.#tell(witness, newest)));
      await this.#judge();
    } catch (cause) {
      this.parts.log.warn({ err: cause }, 'witnesses could not be told of the ledger; it is tried again');
    }
  }

  async #tell(witness: Witness, head: SignedCheckpoint): Promise<void> {
    const { name, everyMs } = witness;
    const nowMs = Date.now();
    if ((this.#retries.get(name)?.atMs ?? 0) > nowMs) return;
    await this.parts.dataSource.transaction(async (tx) => {
      // Of several instances one tells a witness at a time.
      const [lock] = await tx.query<{ locked: boolean }[]>(`SELECT pg_try_advisory_xact_lock(hashtext($1)) AS locked`, [`witness ${name}`]);
      const [row] = await tx.query<StateRow[]>(`SELECT size, told_at, failing_since FROM reporting.witness WHERE name = $1`, [name]);
      const state = stateFrom(row);
      if (lock?.locked !== true || state.size >= head.payload.size || (state.failingMs === null && nowMs - state.toldMs < everyMs)) return;
      const problem = await witness.tell(head).then(
        () => null,
        (cause: unknown) => (cause instanceof Error ? cause.message : 'it failed').slice(0, WORDS_MAX),
      );
      await this.#keep(tx, name, head, problem);
    });
  }

  async #keep(tx: EntityManager, name: string, head: SignedCheckpoint, problem: string | null): Promise<void> {
    const now = instantOf(Date.now());
    if (problem === null) {
      this.#retries.delete(name);
      await tx.query(`INSERT INTO reporting.witness (name, size, told_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE SET size = excluded.size, told_at = excluded.told_at, failing_since = NULL, problem = NULL`, [name, head.payload.size, now]);
      return;
    }
    const waitMs = Math.min(RETRY_MS_MAX, (this.#retries.get(name)?.waitMs ?? RETRY_MS_MIN / 2) * 2);
    this.#retries.set(name, { atMs: Date.now() + waitMs, waitMs });
    this.parts.log.warn({ witness: name, problem }, 'a witness did not take the head of the ledger; it is tried again');
    await tx.query(`INSERT INTO reporting.witness (name, size, failing_since, problem) VALUES ($1, 0, $2, $3) ON CONFLICT (name) DO UPDATE SET failing_since = coalesce(witness.failing_since, excluded.failing_since), problem = excluded.problem`, [name, now, problem]);
  }

  /** Raises and closes findings of witnesses that have been away for long. */
  async #judge(): Promise<void> {
    const { dataSource, findings, events } = this.parts;
    const nowMs = Date.now();
    const rows = await dataSource.query<{ name: string; failing_since: Date; problem: string | null }[]>(`SELECT name, failing_since, problem FROM reporting.witness WHERE failing_since < $1`, [instantOf(nowMs - this.behindAfterMs)]);
    const seen = this.witnesses.flatMap((witness) => rows.filter(({ name }) => name === witness.name).map((row) => behind(witness, row.failing_since, row.problem ?? '')));
    const changes = await dataSource.transaction((tx) => findings.reconcile(tx, { server: 'fleet', origin: 'witness', profile: null }, seen, instantOf(nowMs)));
    if (changes.length > 0) events.kick();
  }
}
