import { LOCK_MS_MAX, type ProductClient } from '../connect.js';
import { standingOf, type Standing } from './postgres-standing.js';

/** Why a role deletes nothing from a table; null where it may. */
function problemOf({ isTable, owns, super: isSuper, runs, byAnother }: Standing): string | null {
  if (!isTable) return 'it is no table but a view or the like, whose functions would run with the rights of its account: name the table that keeps the rows';
  if (!owns && isSuper) return "its account is a super-user of the database, as whom a table's own triggers could do anything, and does not own it with all that leaves with its rows: name one that may read and delete there and no more";
  if (runs) return 'the triggers, rules or policies of the table, or of one whose rows leave or change with its own, or functions of its indexes, conditions or columns, would run with the rights of its account, which does not own it: name the account that owns it';
  return byAnother ? 'a trigger of the table, or of one whose rows leave or change with its own, runs code that belongs to another role, or another role may make triggers there: take that trigger away, or the right TRIGGER from the other role' : null;
}

/** How one role stands to a table that is deleted from. */
export class PostgresRole {
  private constructor(
    private readonly client: ProductClient,
    private readonly table: string,
  ) {}

  /** Errors: throws RangeError, in words, where nothing may be deleted; else what the server says. */
  static async of(client: ProductClient, table: string): Promise<PostgresRole> {
    const role = new PostgresRole(client, table);
    await role.#look();
    return role;
  }

  async #look(): Promise<Standing> {
    const standing = await standingOf(this.client, this.table);
    const problem = problemOf(standing);
    if (problem !== null) throw new RangeError(problem);
    return standing;
  }

  /**
   * Looks again within a transaction, with a lock that no trigger and no foreign key can be made beside; it is the lock that the deletion takes.
   * A table that rows leave with is locked as well where the role may. Errors: as `of`.
   */
  async holdTriggers(): Promise<void> {
    await this.client.query(`LOCK TABLE ${this.table} IN ROW EXCLUSIVE MODE`);
    const { beside } = await this.#look();
    if (beside.length === 0) return;
    await this.client.query(`LOCK TABLE ${beside.join(', ')} IN ROW EXCLUSIVE MODE`);
    await this.#look();
  }

  /**
   * Reads in a transaction that writes nothing and ends with nothing kept, behind another look, and with the lock of a deletion: what its owner puts in the table's place, or makes the server run while it reads, is not run.
   * Errors: as `of`, and what `work` throws.
   */
  async reading<T>(work: () => Promise<T>): Promise<T> {
    try {
      await this.client.query(`BEGIN READ ONLY; SET LOCAL lock_timeout = ${LOCK_MS_MAX}; LOCK TABLE ${this.table} IN ROW EXCLUSIVE MODE`);
      await this.#look();
      return await work();
    } finally {
      await this.client.query('ROLLBACK').catch(() => undefined); // A lost connection has rolled back by itself, and the first trouble is the one to tell.
    }
  }
}
