const POOL_BYTES = 1_048_576;
/** Length of one line of the encoded pool with its line end. Source: RFC 2045, 6.8. */
export const ENCODED_LINE_BYTES = 78;

/** Chance from a seed, so that a fleet can be made again as it was. Not for secrets. Source: mulberry32. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to 1, without 1. */
  next(): number {
    this.#state = (this.#state + 0x6d_2b_79_f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** Both ends taken in. */
  integer(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  pick<const L extends readonly [unknown, ...unknown[]]>(list: L): L[number] {
    return list[Math.floor(this.next() * list.length)] ?? list[0];
  }

  /** Hexadecimal digits, for identifiers that have to look like some. */
  hex(digits: number): string {
    let text = '';
    while (text.length < digits) text += Math.floor(this.next() * 0x1_00_00).toString(16).padStart(4, '0');
    return text.slice(0, digits);
  }
}

let pool: Buffer | null = null;

/** A megabyte of Base64 lines that attachments are cut from: encoding each one anew would make the generator the load. */
export function encodedPool(): Buffer {
  if (pool !== null) return pool;
  const chance = new Chance(0x6d_61_69_6c);
  const raw = Buffer.alloc(Math.floor(POOL_BYTES / ENCODED_LINE_BYTES) * 57);
  for (let at = 0; at < raw.length; at += 1) raw[at] = Math.floor(chance.next() * 256);
  pool = Buffer.from(raw.toString('base64').replace(/(.{76})/g, '$1\r\n'), 'latin1');
  return pool;
}
