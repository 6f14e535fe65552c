import { describe, expect, it } from 'vitest';
import { intervalMs, paceOf } from './scan-terms.js';

const SETTINGS = { scanIntervalSeconds: 60, scanCpuPercent: 20, scanWindowSeconds: 600 };
const NOW_MS = 1_000_000;

describe('the terms of a scan', () => {
  it("are the agent's own while it has no bundle", () => {
    expect(intervalMs(SETTINGS, null)).toBe(60_000);
    expect(paceOf(SETTINGS, null, NOW_MS)).toEqual({ cpuPercent: 20, deadlineMs: NOW_MS + 600_000, yieldsToPressure: true });
  });
  it("are the bundle's where it says, and the agent's own where it does not", () => {
    const bundle = { scanIntervalSeconds: 5, scanCpuPercent: 3 };
    expect(intervalMs(SETTINGS, bundle)).toBe(5_000);
    expect(paceOf(SETTINGS, bundle, NOW_MS)).toEqual({ cpuPercent: 3, deadlineMs: NOW_MS + 600_000, yieldsToPressure: true });
    expect(paceOf(SETTINGS, { ...bundle, scanWindowSeconds: 30 }, NOW_MS).deadlineMs).toBe(NOW_MS + 30_000);
  });
  it('leave a scan the time between two scans, however short its window', () => {
    expect(paceOf(SETTINGS, { scanIntervalSeconds: 3_600, scanWindowSeconds: 30 }, NOW_MS).deadlineMs).toBe(NOW_MS + 3_600_000);
  });
});
