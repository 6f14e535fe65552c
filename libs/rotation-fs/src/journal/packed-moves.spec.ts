import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPacked, packMoves, packPlaces, unpackMoves } from './packed-moves.js';

const bytes = (most: number) => fc.uint8Array({ minLength: 1, maxLength: most }).map((array) => Buffer.from(array).toString('latin1'));
const move = fc.record({ root: fc.nat(3), folder: fc.oneof(fc.constant(''), bytes(20)), name: bytes(255), dev: fc.nat(), ino: fc.maxSafeNat(), size: fc.maxSafeNat(), mtimeMs: fc.double({ noNaN: true }), bytes: fc.maxSafeNat() });

describe('the names of a batch', () => {
  it('come back as they went in, byte for byte', () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 30 }), fc.nat(1e9), (moves, first) => {
        const numbered = moves.map((one, index) => ({ n: first + index, ...one }));
        expect(unpackMoves(packMoves(numbered), first)).toEqual(numbered);
      }),
    );
  });

  it('are refused when some of them are missing, or something is added', () => {
    fc.assert(
      fc.property(fc.array(move, { minLength: 1, maxLength: 5 }), fc.nat(), (moves, cut) => {
        const packed = packMoves(moves.map((one, n) => ({ n, ...one })));
        expect(() => unpackMoves(packed.subarray(0, cut % packed.length), 0)).toThrow(RangeError);
        expect(() => unpackMoves(Buffer.concat([packed, Buffer.of(0)]), 0)).toThrow(RangeError);
      }),
    );
  });

  it('are told apart by one bit each', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(99)), (places) => {
        const bits = packPlaces(places, 100);
        expect(Array.from({ length: 100 }, (_bit, place) => place).filter((place) => isPacked(bits, place))).toEqual([...places].sort((a, b) => a - b));
      }),
    );
  });
});
