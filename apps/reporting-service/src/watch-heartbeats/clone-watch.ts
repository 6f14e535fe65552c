import type { AssessedFinding, Heartbeat } from '@mailwarden/contracts';
import { instantOf } from '@mailwarden/kernel';
import type { DataSource } from 'typeorm';
import { lockServer, type FindingBook } from '../keep-findings/finding-book.js';
import { TakingTurns, type AgentRun, type Turn } from './taking-turns.js';

/** A finding closes when nobody took turns for so long. Units: milliseconds. */
const FORGOTTEN_AFTER_MS = 3_600_000;
/** The same turn is written again no sooner than this. Units: milliseconds. */
const RETELL_AFTER_MS = 60_000;

const named = ({ host, machine, startedAt }: AgentRun): string => `on ${host} (machine ${machine}, since ${startedAt})`;
const finding = ([one, other]: Turn): AssessedFinding => ({
  code: 'agent-cloned',
  severity: 'critical',
  store: null,
  subject: '',
  message: `two agents speak as this server: one ${named(one)}, one ${named(other)}`,
  advice: 'if a machine was copied, enrol the copy under a name of its own; if not, the keys were stolen: mailwarden enrol revoke, and enrol the server anew',
  source: 'signs of life',
});

/** Tells of servers whose keys are on two machines. */
export class CloneWatch {
  readonly #turns = new TakingTurns();
  readonly #found = new Map<string, Turn>();
  readonly #told = new Map<string, number>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly findings: FindingBook,
  ) {}

  heard(beat: Heartbeat, nowMs: number): void {
    const turn = this.#turns.heard(beat.server, beat);
    if (turn === null || nowMs - (this.#told.get(beat.server) ?? 0) < RETELL_AFTER_MS) return;
    this.#told.set(beat.server, nowMs);
    this.#found.set(beat.server, turn);
  }

  /** Writes what was found since. Returns the servers. Errors: rejects when the database is away; what was found is written the next time. */
  async tellFound(): Promise<string[]> {
    const found = [...this.#found];
    for (const [server, turn] of found) {
      await this.dataSource.transaction(async (tx) => {
        if (await lockServer(tx, server)) await this.findings.reconcile(tx, { server, origin: 'clones', profile: null }, [finding(turn)], instantOf(Date.now()));
      });
      this.#found.delete(server);
    }
    return found.map(([server]) => server);
  }

  /** Closes the findings of servers where nobody took turns lately. Returns the servers. */
  async forget(nowMs: number): Promise<string[]> {
    const due = await this.dataSource.query<{ server: string }[]>(`SELECT server FROM reporting.finding WHERE origin = 'clones' AND state = 'open' AND updated_at < $1`, [instantOf(nowMs - FORGOTTEN_AFTER_MS)]);
    for (const { server } of due) {
      await this.dataSource.transaction(async (tx) => {
        if (await lockServer(tx, server)) await this.findings.reconcile(tx, { server, origin: 'clones', profile: null }, [], instantOf(nowMs));
      });
      this.#turns.forget(server);
    }
    return due.map(({ server }) => server);
  }
}
