import { type REMOVAL_CAUSES } from '@mailwarden/contracts';
import { instantOf, uuidOf, type Instant } from '@mailwarden/kernel';
import type { DataSource, EntityManager } from 'typeorm';
import { lockServer, type FindingBook } from '../keep-findings/finding-book.js';
import type { EventOutbox } from '../say-event/event-outbox.js';
import type { OperatorActions } from '../sign-in/operator-actions.js';
import type { FleetRegister } from './fleet-register.js';

export type RemovalCause = (typeof REMOVAL_CAUSES)[number];

/** Takes servers out of the fleet. What is known of them, and every proof, stays. */
export class Removals {
  constructor(
    private readonly parts: { readonly dataSource: DataSource; readonly register: FleetRegister; readonly findings: FindingBook; readonly events: EventOutbox; readonly actions: OperatorActions },
  ) {}

  /** By a person, in a transaction of its own. Returns false where the server is not in the fleet. */
  async byPerson(server: string, cause: RemovalCause, reason: string, by: string): Promise<boolean> {
    const removed = await this.parts.dataSource.transaction((tx) => this.remove(tx, server, cause, reason, by, instantOf(Date.now())));
    this.parts.events.kick();
    return removed;
  }

  /** Removes those that were not heard for so long and carry a label. Returns their names. */
  async awayFor(days: number, [label, value]: readonly [string, string], nowMs: number): Promise<string[]> {
    const due = await this.parts.dataSource.query<{ name: string }[]>(
      `SELECT name FROM reporting.server WHERE status = 'active' AND labels ->> $1 = $2 AND greatest(since, last_seen_at) < $3 ORDER BY name LIMIT 1000`,
      [label, value, instantOf(nowMs - days * 86_400_000)],
    );
    for (const { name } of due) await this.parts.dataSource.transaction((tx) => this.remove(tx, name, 'retired', `not heard for ${days} days`, null, instantOf(nowMs)));
    if (due.length > 0) this.parts.events.kick();
    return due.map(({ name }) => name);
  }

  /** `by` null: nobody asked for it, a rule did. */
  async remove(tx: EntityManager, server: string, cause: RemovalCause, reason: string, by: string | null, now: Instant): Promise<boolean> {
    const { register, findings, events } = this.parts;
    if (!(await lockServer(tx, server)) || (await register.remove(tx, server, { cause, reason }, now)) === null) return false;
    await findings.closeAll(tx, server, 'the server was taken out of the fleet', now);
    await events.raise(tx, 'server.removed', { id: uuidOf('server-removed', server, now), server, severity: cause === 'revoked' ? 'high' : 'info', at: now, detail: { cause } });
    await this.recordAction(tx, `server-${cause}`, server, by, now);
    return true;
  }

  async recordAction(tx: EntityManager, action: string, server: string, by: string | null, at: Instant): Promise<void> {
    await this.parts.actions.record(tx, { action, operator: by, at, facts: { server } });
  }
}
