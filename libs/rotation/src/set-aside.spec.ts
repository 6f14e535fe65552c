import { describe, expect, it } from 'vitest';
import { logsToSetAside, type AsideQuestion } from './set-aside.js';

const NOW = Date.UTC(2026, 10, 25);
const DAY_MS = 86_400_000;
const question = (part: Partial<AsideQuestion>): AsideQuestion => ({ watermarks: [{ kind: 'bytes', limit: 1000, target: 800 }], holds: [], nowMs: NOW, issuedAtMs: NOW, beforeBytes: 2000, plannedBytes: 500, staysOver: true, ...part });
const logs = [{ bytes: 300, startedMs: NOW }, { bytes: 0, startedMs: 0 }, { bytes: 600, startedMs: NOW - 3 * DAY_MS }];
const held = (from: string | null, until: string | null) => [{ id: 'case', store: null, from, until, reason: 'A case' }] as unknown as AsideQuestion['holds'];

describe('logs that are set aside', () => {
  it('are the largest that hold what the generations cannot give', () => {
    expect(logsToSetAside(logs, question({}))).toEqual([2, 0]);
    expect(logsToSetAside(logs, question({ plannedBytes: 700 }))).toEqual([2]);
    expect(logsToSetAside(logs, question({ staysOver: false }))).toEqual([]);
  });
  it('are those that were begun longer ago than a policy permits, by a clock that can be believed', () => {
    const watermarks = [{ kind: 'age' as const, limit: 2 * 86_400, target: 86_400 }];
    expect(logsToSetAside(logs, question({ watermarks, staysOver: false }))).toEqual([2]);
    expect(logsToSetAside(logs, question({ watermarks, staysOver: false, issuedAtMs: NOW + DAY_MS }))).toEqual([]);
  });
  it('are none under a hold of what is written now, or for a limit that they do not count against', () => {
    expect(logsToSetAside(logs, question({ holds: held(null, null) }))).toEqual([]);
    expect(logsToSetAside(logs, question({ holds: held('2026-11-01T00:00:00Z', null) }))).toEqual([]);
    expect(logsToSetAside(logs, question({ holds: held('2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z') }))).toEqual([2, 0]);
    // Begun before the hold's end, or nobody knows when.
    expect(logsToSetAside(logs, question({ holds: held(null, '2026-11-23T00:00:00Z') }))).toEqual([0]);
    expect(logsToSetAside([{ bytes: 300, startedMs: null }], question({ holds: held('2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z') }))).toEqual([]);
    expect(logsToSetAside(logs, question({ watermarks: [{ kind: 'inodes', limit: 1, target: 1 }] }))).toEqual([]);
    expect(logsToSetAside(logs, question({ watermarks: [{ kind: 'free-space', limit: 10, target: 20 }] }))).toEqual([2, 0]);
  });
});
