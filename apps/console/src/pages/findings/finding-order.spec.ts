import type { FindingView } from '@mailwarden/contracts';
import { expect, it } from 'vitest';
import { worstFirst } from './finding-order.js';

const finding = (state: FindingView['state'], severity: FindingView['severity'], day: number) => ({ state, severity, openedAt: `2026-11-0${day}T00:00:00.000Z` as FindingView['openedAt'] });

it('puts the worst of what is open first, and then the newest', () => {
  const [resolved, low, high, newer, critical] = [finding('resolved', 'critical', 5), finding('open', 'low', 4), finding('open', 'high', 1), finding('open', 'high', 2), finding('open', 'critical', 1)];
  expect(worstFirst([resolved, low, high, newer, critical])).toEqual([critical, newer, high, low, resolved]);
});
