import type { Relation } from '@mailwarden/catalogue';
import { relationNames } from '../relation-names.js';
import { latestNumber, UNITS_PER_SECOND } from '../unix-time.js';
import type { MomentSql } from './choice-condition.js';
import { numberOf, writtenMoment } from './postgres-moment.js';

/** A moment without a zone is in the server's own, as when it is read. */
const literal = (ms: number): string => `CONVERT_TZ('${writtenMoment(ms).replace('T', ' ').replace('Z', '')}', '+00:00', @@session.time_zone)`;

/** Comparisons that an index on the time column can serve. */
export function mariadbMoments(relation: Relation): MomentSql {
  const { time } = relationNames(relation, '`');
  const { timeUnit } = relation;
  if (timeUnit === 'timestamp') {
    return {
      isMoment: `${time} >= '1000-01-01' AND TO_DAYS(${time}) > 0`,
      compare: (operator, ms) => `${time} ${operator} ${literal(ms)}`,
      milliseconds: `TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', CONVERT_TZ(${time}, @@session.time_zone, '+00:00')) / 1000`,
      order: time,
    };
  }
  return { isMoment: `${time} > 0 AND ${time} <= ${latestNumber(timeUnit)}`, compare: (operator, ms) => `${time} ${operator} ${numberOf(ms, timeUnit)}`, milliseconds: `${time} * ${1_000 / UNITS_PER_SECOND[timeUnit]}`, order: time };
}
