import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { liftedHere, liftHere } from './host-lift.js';

const NOW = Date.parse('2026-11-29T12:00:00.000Z');
const HOUR_MS = 3_600_000;

let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'mailwarden-lift-'))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('break-glass on the host', () => {
  it('lasts as long as was said, and can be ended before', () => {
    expect(liftedHere(dir, NOW)).toBeNull();
    expect(liftHere(dir, '2 hours', 'updates are refused', NOW)).toBe('2026-11-29T14:00:00.000Z');
    expect(liftedHere(dir, NOW + HOUR_MS)).toBe('2026-11-29T14:00:00.000Z');
    expect(liftedHere(dir, NOW + 2 * HOUR_MS)).toBeNull();
    expect(liftHere(dir, 'end', '', NOW)).toBeNull();
    expect(liftedHere(dir, NOW)).toBeNull();
    expect(liftHere(dir, 'end', '', NOW)).toBeNull();
  });

  it('keeps its reason on the host, for its account alone', () => {
    liftHere(dir, '1h', 'updates are refused', NOW);
    expect(readFileSync(join(dir, 'lift.json'), 'utf8')).toContain('updates are refused');
    expect(statSync(join(dir, 'lift.json')).mode & 0o077).toBe(0);
  });

  it.each([
    ['no duration', 'soon', 'why', /a duration is a whole number with a unit/],
    ['nothing', '0h', 'why', /from 1 second to 7 days/],
    ['more than a week', '8 days', 'why', /from 1 second to 7 days/],
    ['no reason', '1h', ' ', /--reason says why/],
  ])('is refused for %s', (_what, forHow, reason, words) => {
    expect(() => liftHere(dir, forHow, reason, NOW)).toThrow(words);
    expect(liftedHere(dir, NOW)).toBeNull();
  });

  it('lasts no longer than a week when the clock is set back', () => {
    liftHere(dir, '7 days', 'why', NOW);
    expect(liftedHere(dir, NOW - 30 * 24 * HOUR_MS)).toBeNull();
  });

  it('is not taken from what others could have written, or what is none of ours', () => {
    liftHere(dir, '1h', 'why', NOW);
    chmodSync(join(dir, 'lift.json'), 0o622);
    expect(() => liftedHere(dir, NOW)).toThrow(/must belong to its account alone/);
    chmodSync(join(dir, 'lift.json'), 0o600);
    writeFileSync(join(dir, 'lift.json'), '{"until":"never"}');
    expect(() => liftedHere(dir, NOW)).toThrow();
  });
});
