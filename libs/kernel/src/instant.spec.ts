import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nearestInstant, parseInstant } from './instant.js';

describe('a moment by a clock that others set', () => {
  it('is always one that can be written, and read again', () => {
    fc.assert(fc.property(fc.double({ noNaN: true }), (ms) => parseInstant(nearestInstant(ms) ?? '').ok));
  });

  it.each([
    [-9e15, '0000-01-01T00:00:00.000Z'],
    [-7e13, '0000-01-01T00:00:00.000Z'],
    [Infinity, '9999-12-31T23:59:59.999Z'],
    [0.4, '1970-01-01T00:00:00.000Z'],
  ])('%s is told as %s', (ms, told) => expect(nearestInstant(ms)).toBe(told));

  it('is none where there is no number', () => expect(nearestInstant(NaN)).toBeNull());
});
