import type { Relation } from '@mailwarden/catalogue';
import { postgresMoment, postgresNames } from '../relation-names.js';
import { LATEST_MS, latestNumber, UNITS_PER_SECOND } from '../unix-time.js';
import type { MomentSql } from './choice-condition.js';

/** The first moment that can be written without a year of more or fewer digits. Units: milliseconds since 1970. */
const EARLIEST_MS = Date.UTC(1000, 0, 1);
export const writtenMoment = (ms: number): string => new Date(Math.min(LATEST_MS, Math.max(EARLIEST_MS, Math.ceil(ms)))).toISOString();

/** A moment as a number of a column's unit. */
export const numberOf = (ms: number, unit: keyof typeof UNITS_PER_SECOND): string => {
  const number = (ms / 1_000) * UNITS_PER_SECOND[unit];
  return Number.isInteger(number) ? String(number) : number.toFixed(3);
};

/** Comparisons that an index on the time column can serve. */
export function postgresMoments(relation: Relation): MomentSql {
  const { time } = postgresNames(relation);
  const { timeUnit } = relation;
  const milliseconds = `(extract(epoch FROM (${postgresMoment(relation)})::timestamptz) * 1000)`;
  if (timeUnit === 'timestamp') return { isMoment: `${time} IS NOT NULL AND isfinite(${time})`, compare: (operator, ms) => `${time} ${operator} timestamptz '${writtenMoment(ms)}'`, milliseconds, order: time };
  return { isMoment: `${time} > 0 AND ${time} <= ${latestNumber(timeUnit)}`, compare: (operator, ms) => `${time} ${operator} ${numberOf(ms, timeUnit)}`, milliseconds, order: time };
}
