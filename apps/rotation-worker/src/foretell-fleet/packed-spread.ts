import { AGE_CLASS_SECONDS, SIZE_CLASS_BYTES, type Spread } from '@mailwarden/contracts';

/** Digits and letters: a fleet's spreads are a third as long as in decimal, and a table of millions of rows is read that much faster. */
const BASE = 36;

const packed = (values: readonly number[]): string => values.map((value) => (value === 0 ? '' : value.toString(BASE))).join(',');
const unpacked = (text: string): number[] => text.split(',').map((value) => (value === '' ? 0 : Number.parseInt(value, BASE)));
const packedSpread = (spread: Spread | null): string => (spread === null ? '' : `${packed(spread.items)};${packed(spread.bytes)}`);

/** One made for other classes than those of today says nothing. */
function spreadFrom(text: string | undefined, classes: number): Spread | null {
  if (text === undefined || text === '') return null;
  const [items = [], bytes = []] = text.split(';').map(unpacked);
  return items.length === classes && bytes.length === classes ? { items, bytes } : null;
}

/** Ages and sizes of one store in one column; null where there are none. */
export const packSpreads = (ages: Spread | null, sizes: Spread | null): string | null => (ages === null && sizes === null ? null : `${packedSpread(ages)}|${packedSpread(sizes)}`);

export function unpackSpreads(text: string | null): { ages: Spread | null; sizes: Spread | null } {
  const [ages, sizes] = text === null ? [] : text.split('|');
  return { ages: spreadFrom(ages, AGE_CLASS_SECONDS.length + 1), sizes: spreadFrom(sizes, SIZE_CLASS_BYTES.length + 1) };
}
