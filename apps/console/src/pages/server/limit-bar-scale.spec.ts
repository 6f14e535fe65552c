import type { StatementRow } from '@mailwarden/contracts';
import { describe, expect, it } from 'vitest';
import { limitBars, limitBarScale, measuredAgainst, percentWords } from './limit-bar-scale.js';

const GB = 1e9;
const limit = { kind: 'bytes', value: GB, unit: 'bytes', origin: 'policy', source: 'backup-cap', written: '1 GB', target: 0.8 * GB, used: true } as const;
const row = (measured: Partial<StatementRow['measured']>): StatementRow => ({ store: 'backup', limits: [limit, { ...limit, used: false, value: 7 * GB }], measured }) as unknown as StatementRow;
const bytes = (value: number) => ({ bytesAllocated: { known: true, value } as const });

describe('the bar against a limit', () => {
  it('ends at the limit while the store is under it', () => {
    expect(limitBarScale(limit, 0.25 * GB)).toMatchObject({ over: false, fillPercent: 25, limitPercent: 100, targetPercent: 80, percentOfLimit: 25 });
  });

  it('shows the limit inside the bar once it is passed', () => {
    const bar = limitBarScale({ ...limit, target: null }, 2 * GB);
    expect(bar).toMatchObject({ over: true, fillPercent: 100, limitPercent: 50, targetPercent: null, percentOfLimit: 200 });
  });

  it('is at the limit, not over it, when both are equal', () => {
    expect(limitBarScale(limit, GB).over).toBe(false);
  });

  it('draws only the limits that count, and none for what was not measured', () => {
    expect(limitBars(row(bytes(GB / 2)), 0)).toHaveLength(1);
    expect(limitBars(row({ bytesAllocated: { known: false, reason: 'no right to read' } }), 0)).toEqual([]);
  });

  it('measures age by the oldest entry; an empty store has none', () => {
    const now = Date.parse('2026-11-24T10:00:00.000Z');
    expect(measuredAgainst(row({ oldestAt: { known: true, value: '2026-11-24T09:00:00.000Z' as never } }), 'age', now)).toBe(3600);
    expect(measuredAgainst(row({ oldestAt: { known: true, value: null } }), 'age', now)).toBe(0);
  });
});

describe('percent in words', () => {
  it('never rounds over the edge', () => {
    expect([0, 0.2, 99.7, 100, 100.2, 131].map(percentWords)).toEqual(['0 %', 'under 1 %', '99 %', '100 %', '101 %', '131 %']);
    expect(percentWords(Number.POSITIVE_INFINITY)).toBe('over');
  });
});
