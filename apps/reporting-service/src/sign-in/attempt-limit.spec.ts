import { describe, expect, it } from 'vitest';
import { AttemptLimit } from './attempt-limit.js';

describe('limit of sign-in attempts', () => {
  it('makes one address wait after ten failures, and no other', () => {
    const limit = new AttemptLimit();
    for (let attempt = 0; attempt < 10; attempt += 1) {
      expect(limit.waitSeconds('192.0.2.1', 1000)).toBe(0);
      limit.failed('192.0.2.1', 1000);
    }
    expect(limit.waitSeconds('192.0.2.1', 1000)).toBe(300);
    expect(limit.waitSeconds('192.0.2.2', 1000)).toBe(0);
    expect(limit.waitSeconds('192.0.2.1', 301_000)).toBe(0);
  });

  it('forgets failures after a success', () => {
    const limit = new AttemptLimit();
    for (let attempt = 0; attempt < 9; attempt += 1) limit.failed('192.0.2.1', 0);
    limit.succeeded('192.0.2.1');
    limit.failed('192.0.2.1', 0);
    expect(limit.waitSeconds('192.0.2.1', 0)).toBe(0);
  });

  it('counts a network of IPv6 as one address, however it is written', () => {
    const limit = new AttemptLimit();
    for (let attempt = 0; attempt < 10; attempt += 1) limit.failed(`2001:db8::${attempt}`, 0);
    for (const address of ['2001:db8::ffff', '2001:0db8:0:0:1:2:3:4']) expect(limit.waitSeconds(address, 0)).toBeGreaterThan(0);
    for (const address of ['2001:db8:0:1::1', '2001:db9::1', '::1', '::ffff:192.0.2.1']) expect(limit.waitSeconds(address, 0)).toBe(0);
  });

  it('keeps a guesser waiting while many other addresses fail', () => {
    const limit = new AttemptLimit();
    for (let one = 0; one < 9_990; one += 1) limit.failed(`old-${one}`, 0);
    for (let attempt = 0; attempt < 10; attempt += 1) limit.failed('192.0.2.1', 1);
    for (let one = 0; one < 5_000; one += 1) limit.failed(`new-${one}`, 2);
    expect(limit.waitSeconds('192.0.2.1', 3)).toBeGreaterThan(0);
  });
});
