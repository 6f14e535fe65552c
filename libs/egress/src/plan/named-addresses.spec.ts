import { describe, expect, it } from 'vitest';
import { ENDPOINT_ADDRESSES_MAX } from './egress-plan.js';
import { NAMED_SECONDS_MAX, NAMED_SECONDS_MIN, NamedAddresses } from './named-addresses.js';
import { SEEN_SECONDS } from './transactions.js';

const SECOND = 1_000;
const address = (index: number): string => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;

describe('addresses of names', () => {
  it('count as long as was said, within bounds, and no shorter because they are added again', () => {
    const named = new NamedAddresses();
    expect(named.add('a', '192.0.2.7', 300, 0)).toBe(300);
    expect(named.add('a', '192.0.2.7', 100, 100 * SECOND)).toBe(200);
    expect(named.add('a', '192.0.2.7', 300, 100 * SECOND)).toBe(300);
    expect(named.add('a', '192.0.2.8', 0, 0)).toBe(NAMED_SECONDS_MIN);
    expect(named.add('a', '192.0.2.9', Number.NaN, 0)).toBe(NAMED_SECONDS_MIN);
    expect(named.add('a', '192.0.2.10', 1e12, 0)).toBe(NAMED_SECONDS_MAX);
    expect(named.counting(['a', 'b'], 399 * SECOND)).toEqual([
      { set: 'a', element: '192.0.2.7', seconds: 1 },
      { set: 'a', element: '192.0.2.10', seconds: NAMED_SECONDS_MAX - 399 },
    ]);
  });

  it('are known for a while after they count no more, because what was sent to them is remembered as long', () => {
    const named = new NamedAddresses();
    named.add('a', '10.0.0.7', 60, 0);
    const known = (seconds: number): boolean => named.knew('a', 4, 0x0a00_0007n, seconds * SECOND);
    expect([known(0), known(60), known(60 + SEEN_SECONDS - 1), known(60 + SEEN_SECONDS)]).toEqual([true, true, true, false]);
    expect(named.counting(['a'], 60 * SECOND)).toEqual([]);
    named.keepOnly(['b'], 0);
    expect(known(0)).toBe(false);
  });

  it('are bounded: one too many is told, and what counts no more makes room', () => {
    const named = new NamedAddresses();
    for (let index = 0; index < ENDPOINT_ADDRESSES_MAX; index += 1) expect(named.add('a', address(index), index === 0 ? 60 : 3_600, 0)).not.toBeNull();
    expect(named.add('a', '192.0.2.1', 60, 0)).toBeNull();
    expect(named.add('a', address(9), 60, 0)).not.toBeNull();
    expect(named.add('b', '192.0.2.1', 60, 0)).not.toBeNull();
    expect(named.add('a', '192.0.2.1', 60, 61 * SECOND)).not.toBeNull();
    expect(named.add('a', '192.0.2.2', 60, 61 * SECOND)).toBeNull();
  });
});
