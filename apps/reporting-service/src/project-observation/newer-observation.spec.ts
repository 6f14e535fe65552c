import { instantOf } from '@mailwarden/kernel';
import { describe, expect, it } from 'vitest';
import { isNewer } from './newer-observation.js';

const latest = { sequence: 10, startedAt: new Date(10_000) };

describe('which observation is the latest', () => {
  it.each([
    ['the next one', 11, 11_000, true],
    ['the next one of a clock set back', 11, 4_000, true],
    ['one delivered late', 9, 9_000, false],
    ['the same again', 10, 10_000, false],
    ['the first of an agent that was set up anew', 1, 20_000, true],
  ])('%s', (_name, sequence, ms, expected) => {
    expect(isNewer({ sequence, startedAt: instantOf(ms) }, latest)).toBe(expected);
  });
});
