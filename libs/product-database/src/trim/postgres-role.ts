import type { ProductClient } from '../connect.js';

/** Bit of a trigger that a deletion fires, and the same of a rule. Source: PostgreSQL, pg_trigger.h and pg_rewrite. */
const [TRIGGER_OF_DELETE, RULE_OF_DELETE] = [8, '4'];

/**
 * A table with all that is deleted from with it, and what of it belongs to others and runs code of theirs. A trigger may put back the role that SET ROLE left, so the role that connected is what counts;
 * and it may become every role that this one is a member of.
 */
const STANDING = `
  WITH RECURSIVE tables(oid) AS (SELECT $1::regclass::oid UNION SELECT inhrelid FROM pg_inherits JOIN tables ON inhparent = tables.oid),
    others AS (SELECT oid, relrowsecurity FROM pg_class JOIN tables USING (oid) WHERE relowner <> (SELECT oid FROM pg_roles WHERE rolname = session_user))
  SELECT NOT EXISTS (SELECT FROM others) AS owns,
    EXISTS (SELECT FROM pg_roles WHERE rolsuper AND pg_has_role(session_user, oid, 'MEMBER')) AS super,
    EXISTS (SELECT FROM others WHERE relrowsecurity)
      OR EXISTS (SELECT FROM pg_trigger JOIN others ON tgrelid = others.oid WHERE NOT tgisinternal AND tgenabled <> 'D' AND tgtype & ${TRIGGER_OF_DELETE} <> 0)
      OR EXISTS (SELECT FROM pg_rewrite JOIN others ON ev_class = others.oid WHERE ev_type = '${RULE_OF_DELETE}') AS runs`;

interface Standing {
  /** The role made the table: what the table runs can do no more than whoever wrote it. */
  readonly owns: boolean;
  readonly super: boolean;
  readonly runs: boolean;
}

async function standingOf(client: ProductClient, table: string): Promise<Standing> {
  const { rows } = await client.query<Standing>(STANDING, [table]);
  const [standing] = rows;
  if (standing === undefined) throw new RangeError('what its account may do cannot be told');
  return standing;
}

/** Why a role deletes nothing from a table; null where it may. */
function problemOf({ owns, super: isSuper, runs }: Standing): string | null {
  if (owns) return null;
  if (isSuper) return "its account is a super-user of the database, as whom the table's own triggers could do anything: name one that may read and delete there and no more";
  return runs ? "the table's triggers, rules or policies would run with the rights of its account, which does not own it: name the account that owns it" : null;
}

/** How one role stands to a table that is deleted from. */
export class PostgresRole {
  private constructor(
    private readonly client: ProductClient,
    private readonly table: string,
    private readonly owns: boolean,
  ) {}

  /** Errors: throws RangeError, in words, where nothing may be deleted; else what the server says. */
  static async of(client: ProductClient, table: string): Promise<PostgresRole> {
    const standing = await standingOf(client, table);
    const problem = problemOf(standing);
    if (problem !== null) throw new RangeError(problem);
    return new PostgresRole(client, table, standing.owns);
  }

  /** Looks again within a transaction, with a lock that no trigger can be made beside; it is the lock that the deletion takes. Errors: as `of`. */
  async holdTriggers(): Promise<void> {
    if (this.owns) return;
    await this.client.query(`LOCK TABLE ${this.table} IN ROW EXCLUSIVE MODE`);
    const problem = problemOf(await standingOf(this.client, this.table));
    if (problem !== null) throw new RangeError(problem);
  }
}
