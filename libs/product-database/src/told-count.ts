/**
 * A number of records or bytes, as a database told it. Whoever serves it may tell anything: what is no count must not be reckoned with, nor come into an account.
 * Errors: throws RangeError where it is no whole number from 0 on.
 */
export function toldCount(told: unknown): number {
  const count = typeof told === 'number' ? told : typeof told === 'string' && told !== '' ? Number(told) : typeof told === 'bigint' ? Number(told) : NaN;
  if (Number.isSafeInteger(count) && count >= 0) return count;
  throw new RangeError('it told a count that is none; look at what serves it');
}
