import type { HeldSpan, TrimChoice } from './record-trimmer.js';

/** How an engine compares a row's moment with one of ours, as SQL without a value to bind. */
export interface MomentSql {
  /** True of rows that have a moment at all. */
  readonly isMoment: string;
  readonly compare: (operator: '<' | '>=', ms: number) => string;
  /** The moment itself in milliseconds since 1970. */
  readonly milliseconds: string;
  /** What rows are ordered by, oldest first. */
  readonly order: string;
}

/** A row's moment may be finer than a millisecond: a hold takes in the whole of its last one. Units: milliseconds. */
const LAST_MS = 1;

function spanSql({ fromMs, untilMs }: HeldSpan, { compare }: MomentSql): string {
  const ends = [...(fromMs === -Infinity ? [] : [compare('>=', fromMs)]), ...(untilMs === Infinity ? [] : [compare('<', untilMs + LAST_MS)])];
  return ends.length === 0 ? '1 = 0' : `NOT (${ends.join(' AND ')})`;
}

/** A choice as the condition of a WHERE. */
export function choiceSql({ beforeMs, held }: TrimChoice, sql: MomentSql): string {
  const before = beforeMs === Infinity ? [] : [beforeMs === -Infinity ? '1 = 0' : sql.compare('<', beforeMs)];
  return [sql.isMoment, ...before, ...held.map((span) => spanSql(span, sql))].join(' AND ');
}

/** The same behind another condition; nothing where there is no choice. */
export const andChoice = (choice: TrimChoice | undefined, sql: MomentSql): string => (choice === undefined ? '' : ` AND ${choiceSql(choice, sql)}`);

/** The condition of rows that holds keep, those without a moment among them. */
export const heldSql = (held: readonly HeldSpan[], sql: MomentSql): string => `CASE WHEN ${choiceSql({ beforeMs: Infinity, held }, sql)} THEN 0 ELSE 1 END = 1`;

export const isChosen = (ms: number, { beforeMs, held }: TrimChoice): boolean => ms < beforeMs && !held.some(({ fromMs, untilMs }) => ms >= fromMs && ms < untilMs + LAST_MS);
