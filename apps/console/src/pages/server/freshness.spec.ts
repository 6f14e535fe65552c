import { expect, it } from 'vitest';
import { whyOld } from './freshness.js';

const NOW = Date.parse('2026-11-24T10:00:00.000Z');
const at = (observedAt: string) => ({ observedAt }) as Parameters<typeof whyOld>[0];

it('calls a measurement old when the agent is silent or the scan is long ago, and only then', () => {
  expect(whyOld(at('2026-11-24T09:59:00.000Z'), 'live', NOW)).toBeNull();
  expect(whyOld(at('2026-11-24T09:59:00.000Z'), 'silent', NOW)).toContain('silent');
  expect(whyOld(at('2026-11-24T09:30:00.000Z'), 'live', NOW)).toContain('long ago');
});
