import type { ProductClient } from '../connect.js';

/** Bits of triggers. Source: PostgreSQL, pg_trigger.h. */
const [INSERT, DELETE, UPDATE] = [4, 8, 16];
/** A changed row may move to another part of its table: there it is deleted and inserted. */
const TRIGGERS = `CASE event WHEN 'delete' THEN ${DELETE} ELSE ${INSERT | DELETE | UPDATE} END`;
/** Events of rules. Source: PostgreSQL, pg_rewrite. */
const RULES = "CASE event WHEN 'delete' THEN '4' ELSE '2' END";

/** A table with its parts, and with all whose rows are deleted or changed because its rows go: ON DELETE, and ON UPDATE of what that changes, of foreign keys. */
const REACHED = `
  reached(oid, event) AS (
    SELECT $1::regclass::oid, 'delete'::text
    UNION
    SELECT next.oid, next.event FROM reached CROSS JOIN LATERAL (
      SELECT inhrelid AS oid, reached.event FROM pg_inherits WHERE inhparent = reached.oid
      UNION ALL
      SELECT conrelid, CASE WHEN reached.event = 'delete' AND confdeltype = 'c' THEN 'delete' ELSE 'update' END FROM pg_constraint
      WHERE contype = 'f' AND confrelid = reached.oid AND CASE reached.event WHEN 'delete' THEN confdeltype ELSE confupdtype END IN ('c', 'n', 'd')
    ) AS next
  )`;

/** What fires. A trigger of the server's own, as a foreign key's, is known by its function: those that parts of a table inherit are marked in the same way by PostgreSQL 11 and 12. */
const FIRED = `
  fired AS (
    SELECT pg_trigger.oid, own, relowner, relacl, proowner FROM tables JOIN pg_trigger ON tgrelid = tables.oid JOIN pg_proc ON pg_proc.oid = tgfoid
    WHERE tgenabled <> 'D' AND tgtype & ${TRIGGERS} <> 0 AND (NOT tgisinternal OR pronamespace <> (SELECT oid FROM pg_namespace WHERE nspname = 'pg_catalog'))
  )`;

/** Whoever may make triggers chooses what they are told, and a condition (WHEN) runs code too. What it calls is a dependency of the trigger. */
const BY_ANOTHER = `
  proowner <> relowner
    OR EXISTS (SELECT FROM aclexplode(relacl) AS entry WHERE entry.privilege_type = 'TRIGGER' AND entry.grantee <> relowner)
    OR EXISTS (SELECT FROM pg_depend JOIN pg_proc ON refclassid = 'pg_proc'::regclass AND pg_proc.oid = refobjid WHERE classid = 'pg_trigger'::regclass AND objid = fired.oid AND pg_proc.proowner <> relowner)
    OR EXISTS (SELECT FROM pg_depend JOIN pg_operator ON refclassid = 'pg_operator'::regclass AND pg_operator.oid = refobjid WHERE classid = 'pg_trigger'::regclass AND objid = fired.oid AND oprowner <> relowner)`;

/**
 * What is folded, or made text of, where a table is only read: indexes, conditions, extended statistics and how it is split, while the server plans, also where what it is a part of is split; and types of columns, with what they are domains of.
 */
const ASKED = `
  asked(classid, objid) AS (
    SELECT 'pg_class'::regclass::oid, oid FROM tables WHERE NOT own
    UNION ALL SELECT 'pg_class'::regclass::oid, pg_class.oid FROM pg_partition_ancestors($1::regclass) AS above JOIN pg_class ON pg_class.oid = above.relid WHERE relowner <> (SELECT oid FROM pg_roles WHERE rolname = session_user)
    UNION ALL SELECT 'pg_class'::regclass::oid, indexrelid FROM tables JOIN pg_index ON indrelid = tables.oid WHERE NOT own
    UNION ALL SELECT 'pg_constraint'::regclass::oid, pg_constraint.oid FROM tables JOIN pg_constraint ON conrelid = tables.oid WHERE NOT own
    UNION ALL SELECT 'pg_statistic_ext'::regclass::oid, pg_statistic_ext.oid FROM tables JOIN pg_statistic_ext ON stxrelid = tables.oid WHERE NOT own
  ),
  kinds(oid) AS (
    SELECT atttypid FROM tables JOIN pg_attribute ON attrelid = tables.oid WHERE NOT own
    UNION SELECT typbasetype FROM kinds JOIN pg_type ON pg_type.oid = kinds.oid WHERE typbasetype <> 0
  )`;

/** The code that these run. The server's own functions and operators are no dependency. */
const READ = `
  EXISTS (SELECT FROM asked JOIN pg_depend USING (classid, objid) WHERE refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass))
    OR EXISTS (SELECT FROM kinds JOIN pg_cast ON castsource = kinds.oid JOIN pg_proc ON pg_proc.oid = castfunc WHERE pronamespace <> (SELECT oid FROM pg_namespace WHERE nspname = 'pg_catalog'))`;

/** A trigger may put back the role that SET ROLE left, so the role that connected is what counts; and it may become every role that this one is a member of. */
const STANDING = `
  WITH RECURSIVE ${REACHED},
    tables AS (SELECT pg_class.oid, event, relkind, relname, relnamespace, relacl, relowner, relrowsecurity, relowner = (SELECT oid FROM pg_roles WHERE rolname = session_user) AS own FROM reached JOIN pg_class ON pg_class.oid = reached.oid),
    ${FIRED},
    ${ASKED}
  SELECT (SELECT relkind IN ('r', 'p') FROM pg_class WHERE oid = $1::regclass) AS "isTable",
    NOT EXISTS (SELECT FROM tables WHERE NOT own) AS owns,
    EXISTS (SELECT FROM pg_roles WHERE rolsuper AND pg_has_role(session_user, oid, 'MEMBER')) AS super,
    EXISTS (SELECT FROM tables WHERE NOT own AND relrowsecurity)
      OR EXISTS (SELECT FROM fired WHERE NOT own)
      OR EXISTS (SELECT FROM pg_rewrite JOIN tables ON ev_class = tables.oid WHERE NOT own AND ev_type = ${RULES})
      OR ${READ} AS runs,
    EXISTS (SELECT FROM fired WHERE own AND (${BY_ANOTHER})) AS "byAnother",
    ARRAY(SELECT DISTINCT format('%I.%I', nspname, relname) FROM tables JOIN pg_namespace ON pg_namespace.oid = relnamespace
      WHERE tables.oid <> $1::regclass AND relkind IN ('r', 'p') AND has_schema_privilege(relnamespace, 'USAGE') AND has_table_privilege(tables.oid, 'UPDATE, DELETE, TRUNCATE')) AS beside`;

/** How the role that connected stands to a table, and to all whose rows are deleted or changed with its own. */
export interface Standing {
  /** Rows are kept there; a view shows those of others, by functions that run as whoever asks. */
  readonly isTable: boolean;
  /** The role made all of these tables. */
  readonly owns: boolean;
  readonly super: boolean;
  /** Something of a table of others runs code. */
  readonly runs: boolean;
  /** A trigger of a table of its own runs code that others wrote or put there. */
  readonly byAnother: boolean;
  /** Tables beside the first one that the role may lock, quoted. */
  readonly beside: readonly string[];
}

/** Asks the server's own tables alone. Errors: throws what the server says. */
export async function standingOf(client: ProductClient, table: string): Promise<Standing> {
  const { rows } = await client.query<Standing>(STANDING, [table]);
  const [standing] = rows;
  if (standing === undefined) throw new RangeError('what its account may do cannot be told');
  return standing;
}
