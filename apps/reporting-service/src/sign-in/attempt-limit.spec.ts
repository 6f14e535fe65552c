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
});
