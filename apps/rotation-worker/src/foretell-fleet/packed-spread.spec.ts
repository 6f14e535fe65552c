import { describe, expect, it } from 'vitest';
import { packSpreads, unpackSpreads } from './packed-spread.js';

const ages = { items: [1, 0, 3, 0, 0, 0, 70_000], bytes: [4_096, 0, 12_288, 0, 0, 0, 9_007_199_254_740_991] };
const sizes = { items: [5, 4, 3, 2, 1, 0], bytes: [1, 2, 3, 4, 5, 0] };

describe('a packed spread', () => {
  it('is read as it was written', () => {
    for (const [a, s] of [[ages, sizes], [ages, null], [null, sizes], [null, null]] as const) expect(unpackSpreads(packSpreads(a, s))).toEqual({ ages: a, sizes: s });
  });
  it('of other classes says nothing', () => {
    expect(unpackSpreads('1,2;1,2|')).toEqual({ ages: null, sizes: null });
    expect(unpackSpreads('nonsense')).toEqual({ ages: null, sizes: null });
  });
});
