import { describe, expect, it } from 'vitest';
import { formatByteCount, parseByteCount } from './byte-count.js';
import { formatDuration, formatExactDuration, parseDuration } from './duration.js';
import { instantOf, parseInstant } from './instant.js';
import { parseServerName } from './brand.js';
import { suggestionFor } from './suggestion.js';
import { uuidOf } from './uuid.js';

describe('byte counts', () => {
  it.each([
    ['1 GB', 1e9],
    ['1GiB', 2 ** 30],
    ['7.32 GB', 7.32e9],
    ['0 B', 0],
  ])('reads %s', (text, bytes) => {
    expect(parseByteCount(text)).toEqual({ ok: true, value: bytes });
  });
  it.each(['', '1', 'GB', '-1 GB', '1 gb', '1e9 B', '999999999999 PB', '1 GB; rm'])('refuses "%s"', (text) => {
    expect(parseByteCount(text).ok).toBe(false);
  });
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_310_000_000, '1.31 GB'],
    [24_000_000, '24.0 MB'],
    [999_999, '1.00 MB'],
  ])('writes %d', (bytes, text) => {
    expect(formatByteCount(bytes)).toBe(text);
  });
});

describe('durations', () => {
  it.each([
    ['3d', 259_200],
    ['90 days', 7_776_000],
    ['1 hour', 3600],
  ])('reads %s', (text, seconds) => {
    expect(parseDuration(text)).toEqual({ ok: true, value: seconds });
  });
  it.each(['3', '3 fortnights', '-1d', '1.5h'])('refuses "%s"', (text) => {
    expect(parseDuration(text).ok).toBe(false);
  });
  it('writes them for people', () => {
    expect(formatDuration(63_200_000)).toBe('2 years');
    expect(formatDuration(1)).toBe('1 second');
    expect(formatDuration(0)).toBe('0 seconds');
  });
  it('writes a limit without rounding it', () => {
    expect([180 * 86_400, 129_600, 86_400, 90, 0].map(formatExactDuration)).toEqual(['180 days', '36 hours', '1 day', '90 seconds', '0 seconds']);
  });
});

describe('names and instants', () => {
  it.each(['*', '>', 'a.b', '', '-a', 'a-', 'A', 'é', 'a'.repeat(64), 'a b'])('no server may be called "%s"', (name) => {
    expect(parseServerName(name).ok).toBe(false);
  });
  it('accepts plain names', () => {
    expect(parseServerName('mx-1').ok).toBe(true);
  });
  it('keeps instants in one form', () => {
    expect(instantOf(0)).toBe('1970-01-01T00:00:00.000Z');
    expect(parseInstant('2026-11-24').ok).toBe(false);
    expect(parseInstant('2026-13-24T00:00:00.000Z').ok).toBe(false);
  });
  it('suggests what was most likely meant, and nothing far away', () => {
    expect(suggestionFor('limts', ['limits', 'stores'])).toBe('limits');
    expect(suggestionFor('zebra', ['limits', 'stores'])).toBeUndefined();
  });
  it('names the same thing once', () => {
    expect(uuidOf('a', 'b')).toBe(uuidOf('a', 'b'));
    expect(uuidOf('a', 'b')).not.toBe(uuidOf('ab', ''));
    expect(uuidOf('a')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
