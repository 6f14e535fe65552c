import { describe, expect, it } from 'vitest';
import { quietMs } from './store-watch.js';
import { foldersToWatch } from './watch-limit.js';

const scan = (durationMs: number, pausedMs?: number) => ({ durationMs, ...(pausedMs === undefined ? {} : { effort: { mode: 'full' as const, entries: 0, foldersRead: 0, foldersRemembered: 0, pausedMs, complete: true, notice: null } }) });

describe('the rest after a quick scan', () => {
  it('keeps scans one after the other within the budget, and counts what the scan rested itself', () => {
    expect(quietMs([scan(2_000)], 20)).toBe(8_000);
    expect(quietMs([scan(2_000), scan(1_000)], 50)).toBe(3_000);
    expect(quietMs([scan(10_000, 8_000)], 20)).toBe(1_000);
    expect(quietMs([scan(5_000, 1_000)], 20)).toBe(15_000);
  });
  it('is a second at the least, whatever the budget', () => {
    expect(quietMs([scan(1)], 20)).toBe(1_000);
    expect(quietMs([scan(9_000)], 400)).toBe(1_000);
    expect(quietMs([], 1)).toBe(1_000);
  });
});

describe('how many folders may be watched', () => {
  it('is what the settings say, and no more than a quarter of what the kernel allows', () => {
    expect(foldersToWatch(100, () => '8192\n')).toBe(100);
    expect(foldersToWatch(8_192, () => '8192\n')).toBe(2_048);
    expect(foldersToWatch(100, () => 'x')).toBe(0);
    expect(foldersToWatch(100, () => { throw new Error('no such file'); })).toBe(0);
  });
});
