import type { Relation } from '@mailwarden/catalogue';
import { relationNames } from '../relation-names.js';
import { latestNumber, UNITS_PER_SECOND } from '../unix-time.js';
import type { MomentSql } from './choice-condition.js';
import { numberOf } from './postgres-moment.js';

/** A text without a zone is in UTC, as SQLite itself takes it. Texts are written in many ways, so no index serves their comparison. */
export function sqliteMoments(relation: Relation): MomentSql {
  const { time } = relationNames(relation);
  const { timeUnit } = relation;
  if (timeUnit === 'timestamp') {
    const milliseconds = `(unixepoch(${time}, 'subsec') * 1000.0)`;
    return { isMoment: `typeof(${time}) = 'text' AND unixepoch(${time}) IS NOT NULL`, compare: (operator, ms) => `${milliseconds} ${operator} ${ms}`, milliseconds, order: milliseconds };
  }
  return { isMoment: `typeof(${time}) IN ('integer', 'real') AND ${time} > 0 AND ${time} <= ${latestNumber(timeUnit)}`, compare: (operator, ms) => `${time} ${operator} ${numberOf(ms, timeUnit)}`, milliseconds: `(${time} * ${1_000 / UNITS_PER_SECOND[timeUnit]}.0)`, order: time };
}

/** Moments of what was copied into the temporary table `seen`. */
export const SEEN: MomentSql = { isMoment: 'at IS NOT NULL', compare: (operator, ms) => `at ${operator} ${ms}`, milliseconds: 'at', order: 'at' };
