import { describe, expect, it } from 'vitest';
import { licenceState } from './licence-state.js';

const state = (id: string) => ({ id, title: id, consequence: '', stopsDatabaseUpdates: null, stopsScanning: null, source: null });
const STATES = ['active', 'commercial-expired', 'trial-expired', 'denylisted'].map(state);
const NOW_MS = Date.UTC(2026, 10, 25);

describe('the state of a licence', () => {
  it.each([
    ['active', 'commercial', NOW_MS + 1, 'active'],
    ['active', 'commercial', null, 'active'],
    ['active', 'commercial', NOW_MS, 'commercial-expired'],
    ['active', 'trial', NOW_MS - 1, 'trial-expired'],
    ['expired', 'trial', null, 'trial-expired'],
    ['expired', 'subscription', null, 'expired'],
    ['active', null, NOW_MS - 1, 'active'],
    ['trial-expired', 'trial', null, 'trial-expired'],
    ['denylisted', 'trial', NOW_MS - 1, 'denylisted'],
    ['something new', 'trial', NOW_MS - 1, 'something new'],
  ])('told as %s of type %s until %s: %s', (status, kind, expiresAtMs, expected) => {
    expect(licenceState(STATES, { status, kind, expiresAtMs }, NOW_MS)).toBe(expected);
  });
});
