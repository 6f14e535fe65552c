import type { AssessedFinding } from '@mailwarden/contracts';
import { instantOf, type Instant } from '@mailwarden/kernel';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findingChanges, RETELL_AFTER_MS, type FindingScope, type KnownFinding } from './finding-life.js';

const SCOPE: FindingScope = { server: 'mx-1', origin: 'assessment', profile: 'kaspersky-klms-8' };
const at = (ms: number): Instant => instantOf(1_764_000_000_000 + ms);
const seen = (patch: Partial<AssessedFinding> = {}): AssessedFinding => ({
  code: 'over-limit',
  severity: 'high',
  store: 'backup' as NonNullable<AssessedFinding['store']>,
  subject: '',
  message: '131 % of 1 GB',
  advice: 'let it rotate',
  source: 'policy backup-cap',
  ...patch,
});

/** Keeps findings as the database does. */
function replay(looks: readonly (readonly AssessedFinding[])[], stepMs = 1000): { kept: KnownFinding[]; told: string[] } {
  const kept = new Map<string, KnownFinding>();
  const told: string[] = [];
  looks.forEach((look, index) => {
    for (const change of findingChanges(SCOPE, [...kept.values()], look, at(index * stepMs))) {
      kept.set(change.finding.id, change.finding);
      if (change.told) told.push(change.what);
    }
  });
  return { kept: [...kept.values()], told };
}

describe('life of a finding', () => {
  it('opens once, however often it is seen', () => {
    expect(replay([[seen()], [seen()], [seen()]]).told).toEqual(['opened']);
  });

  it('does not close by a look that could not tell', () => {
    const open = findingChanges(SCOPE, [], [seen()], at(0)).map(({ finding }) => finding);
    expect(findingChanges(SCOPE, open, [], at(1000), ({ code, store }) => code === 'over-limit' && store === 'backup')).toEqual([]);
    expect(findingChanges(SCOPE, open, [], at(2000), ({ code }) => code === 'over-age').map(({ what }) => what)).toEqual(['resolved']);
  });

  it('keeps its id through resolution and return', () => {
    const { kept, told } = replay([[seen()], [], [seen()]]);
    expect(told).toEqual(['opened', 'resolved', 'reopened']);
    expect(kept).toHaveLength(1);
    expect(kept[0]).toMatchObject({ state: 'open', resolvedAt: null, openedAt: at(2000) });
  });

  it('tells a change of severity at once, moving figures only after a while', () => {
    expect(replay([[seen()], [seen({ message: '132 % of 1 GB' })]]).told).toEqual(['opened']);
    expect(replay([[seen()], [seen({ message: '132 % of 1 GB' })]]).kept[0]?.message).toBe('132 % of 1 GB');
    expect(replay([[seen()], [seen({ severity: 'critical' })]]).told).toEqual(['opened', 'updated']);
    expect(replay([[seen()], [seen({ message: '140 % of 1 GB' })]], RETELL_AFTER_MS).told).toEqual(['opened', 'updated']);
  });

  it('tells two accounts on one store apart, and one account named twice once', () => {
    expect(replay([[seen({ subject: 'backup-op' }), seen({ subject: 'www-data' }), seen({ subject: 'www-data' })]]).kept).toHaveLength(2);
  });

  it('leaves an accepted finding accepted', () => {
    const [opened] = findingChanges(SCOPE, [], [seen()], at(0));
    if (opened === undefined) throw new Error('nothing opened');
    const accepted: KnownFinding = { ...opened.finding, state: 'accepted' };
    expect(findingChanges(SCOPE, [accepted], [seen({ severity: 'critical' })], at(1))[0]?.finding.state).toBe('accepted');
    expect(findingChanges(SCOPE, [accepted], [], at(1))[0]?.finding.state).toBe('resolved');
  });

  it('has open exactly what the last look saw, for every history', () => {
    const look = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 4 });
    fc.assert(
      fc.property(fc.array(look, { minLength: 1, maxLength: 8 }), (looks) => {
        const { kept } = replay(looks.map((subjects) => subjects.map((subject) => seen({ subject }))));
        expect(kept.filter((finding) => finding.state === 'open').map((finding) => finding.subject).sort()).toEqual([...(looks.at(-1) ?? [])].sort());
      }),
    );
  });
});
