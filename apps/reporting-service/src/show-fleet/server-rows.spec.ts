import { expect, it } from 'vitest';
import { stateOf } from './server-rows.js';

const measured = { open_findings: {}, last_observed_at: new Date(0), product_absent: false } as const;

it('never takes for in order what was not measured, or has nothing to measure', () => {
  expect(stateOf(measured)).toBe('in-order');
  expect(stateOf({ ...measured, open_findings: { info: 2 } })).toBe('in-order');
  expect(stateOf({ ...measured, last_observed_at: null })).toBe('unknown');
  expect(stateOf({ ...measured, open_findings: { info: 1 }, product_absent: true })).toBe('unknown');
  expect(stateOf({ ...measured, open_findings: { low: 1 }, product_absent: true })).toBe('finding');
});
