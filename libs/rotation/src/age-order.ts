/** Numbers are sorted by so many bits at a time. */
const DIGIT_BITS = 16;
const DIGITS = 2 ** DIGIT_BITS;
const SIGN = 0x8000_0000;

/**
 * Halves of a number's bits, arranged so that comparing them as whole numbers compares the numbers; one that is no number comes last.
 * Source: IEEE 754, whose positive numbers are in order by their bits, and whose negative ones are in reverse.
 */
function sortableHalves(values: Float64Array): { readonly low: Uint32Array; readonly high: Uint32Array } {
  const low = new Uint32Array(values.length);
  const high = new Uint32Array(values.length);
  const one = new Float64Array(1);
  const [bits] = [new Uint32Array(one.buffer)];
  for (let place = 0; place < values.length; place += 1) {
    const value = values[place] ?? Number.NaN;
    one[0] = Number.isNaN(value) ? Infinity : value + 0; // -0 becomes 0.
    const [lower, upper] = [bits[0] ?? 0, bits[1] ?? 0];
    const isNegative = (upper & SIGN) !== 0;
    low[place] = isNegative ? ~lower : lower;
    high[place] = isNegative ? ~upper : upper | SIGN;
  }
  return { low, high };
}

/** Puts places in order by one digit; places with the same digit stay as they were. Returns the other of the two columns. */
function byDigit(keys: Uint32Array, shift: number, from: Uint32Array, to: Uint32Array): Uint32Array {
  const starts = new Uint32Array(DIGITS);
  for (let place = 0; place < keys.length; place += 1) starts[((keys[place] ?? 0) >>> shift) % DIGITS] = (starts[((keys[place] ?? 0) >>> shift) % DIGITS] ?? 0) + 1;
  let sum = 0;
  for (let digit = 0; digit < DIGITS; digit += 1) {
    const count = starts[digit] ?? 0;
    if (count === keys.length) return from; // All are alike in this digit.
    starts[digit] = sum;
    sum += count;
  }
  for (let rank = 0; rank < from.length; rank += 1) {
    const place = from[rank] ?? 0;
    const digit = ((keys[place] ?? 0) >>> shift) % DIGITS;
    to[starts[digit] ?? 0] = place;
    starts[digit] = (starts[digit] ?? 0) + 1;
  }
  return to;
}

function sortBy(values: Float64Array, order: Uint32Array, spare: Uint32Array): Uint32Array {
  const { low, high } = sortableHalves(values);
  let [from, to] = [order, spare];
  for (const [keys, shift] of [[low, 0], [low, DIGIT_BITS], [high, 0], [high, DIGIT_BITS]] as const) {
    const sorted = byDigit(keys, shift, from, to);
    if (sorted === to) [from, to] = [to, from];
  }
  return from;
}

/** Below this a plain sort is quicker than counting. */
const FEW = 2_048;

/**
 * Places of a column from the smallest value to the largest; what is no number comes last. Equal values come in the order of `tie`, a second column, and then in the order found.
 * It takes time in proportion to their number, and memory of some twenty bytes for each.
 */
export function orderOf(values: Float64Array, tie: Float64Array | null = null): Uint32Array {
  const order = Uint32Array.from(values, (_value, place) => place);
  if (values.length < FEW) {
    const at = (column: Float64Array, place: number): number => (Number.isNaN(column[place] ?? Number.NaN) ? Infinity : (column[place] ?? Infinity));
    const compared = (column: Float64Array, a: number, b: number): number => (at(column, a) === at(column, b) ? 0 : at(column, a) < at(column, b) ? -1 : 1);
    return order.sort((a, b) => compared(values, a, b) || (tie === null ? 0 : compared(tie, a, b)) || a - b);
  }
  const spare = new Uint32Array(values.length);
  const tied = tie === null ? order : sortBy(tie, order, spare);
  return sortBy(values, tied, tied === order ? spare : order);
}
