import type { StatementRow } from '@mailwarden/contracts';
import { instantOf } from '@mailwarden/kernel';
import { expect, it } from 'vitest';
import { courseWords } from './course-words.js';

const NOW = Date.UTC(2026, 10, 25, 12);
const inDays = (days: number) => instantOf(NOW + days * 86_400_000);
const words = (part: Partial<StatementRow['measured']>): string[] => courseWords(part as StatementRow['measured'], NOW).map(({ words: said }) => said);
const forecast = { kind: 'bytes' as const, limit: 1e9, perDay: 8e7, reachesAt: inDays(4), earliestAt: inDays(3), latestAt: inDays(9), historySeconds: 864_000, points: 12 };

it('tells what changed since the scan before, and is silent when nothing did', () => {
  expect(words({ growth: { known: true, value: { since: instantOf(NOW - 120_000), items: 12, bytes: -4096 } } })).toEqual(['+12 entries, \u22124.10 KB since 2 minutes ago']);
  expect(words({ growth: { known: true, value: { since: inDays(-1), items: 0, bytes: 0 } } })).toEqual([]);
  expect(words({ growth: { known: false, reason: 'no scan before is remembered' } })).toEqual([]);
});

it('tells when the limit is reached, and how sure that is', () => {
  expect(words({ forecast: { known: true, value: forecast } })).toEqual(['+80.0 MB a day: 1.00 GB in 4 days, in 3 days at the earliest, in 9 days at the latest']);
  expect(words({ forecast: { known: true, value: { ...forecast, latestAt: null } } })[0]).toMatch(/or much later$/);
  expect(words({ forecast: { known: true, value: { ...forecast, reachesAt: null } } })).toEqual([]);
});
