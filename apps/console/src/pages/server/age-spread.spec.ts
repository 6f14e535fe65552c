import { describe, expect, it } from 'vitest';
import { ageColumns } from './age-spread.js';

describe('ages of a store', () => {
  it('are columns beside the fullest, and a little of something is still seen', () => {
    const columns = ageColumns({ items: [0, 1, 1000, 0, 0, 0, 500], bytes: [0, 512, 4096, 0, 0, 0, 2048] });
    expect(columns.map(({ name }) => name)).toEqual(['1h', '1d', '7d', '30d', '90d', '1y', '> 1y']);
    expect(columns.map(({ heightPercent }) => heightPercent)).toEqual([0, 6, 100, 0, 0, 0, 50]);
    expect(columns[1]?.words).toBe('up to 1 day old: 1 entry, 512 B');
    expect(columns[6]?.words).toMatch(/^older than .*: 500 entries/);
  });
  it('are nothing where nothing lies', () => {
    expect(ageColumns({ items: [0, 0, 0, 0, 0, 0, 0], bytes: [0, 0, 0, 0, 0, 0, 0] })).toEqual([]);
  });
});
