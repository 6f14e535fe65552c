import type { ConsentView } from '@mailwarden/contracts';
import { describe, expect, it } from 'vitest';
import { beginOfDay, decidedOn, endOfDay, textsOf, versionWords } from './text-words.js';

const version = (label: string, day: string, part: object = {}) => ({ textSha256: `${label.replaceAll(/[^0-9a-f]/g, '0')}`.padEnd(64, '0'), label, language: 'en', effectiveAt: null, seenAt: `2026-${day}T00:00:00.000Z`, origin: 'imported', ...part });
const AGREEMENTS = [{ id: 'eula', title: 'EULA', gates: [], versions: [version('1', '01-01'), version('3', '03-01', { origin: 'seen' }), version('2', '02-01', { effectiveAt: '2026-09-01T00:00:00.000Z' }), version('1-de', '01-02', { language: 'de' })] }] as unknown as ConsentView['agreements'];

describe('texts', () => {
  it('stand newest first, each beside the readable one before it in its language', () => {
    expect(textsOf(AGREEMENTS).map(({ version: { label }, before }) => [label, before?.label ?? null])).toEqual([['2', '1'], ['3', '1'], ['1-de', null], ['1', null]]);
  });

  it('say which they are', () => {
    const [newest, seen] = textsOf(AGREEMENTS);
    expect(newest === undefined ? '' : versionWords(newest.version)).toBe('2 (en, 200000000000)');
    expect(seen === undefined ? '' : versionWords(seen.version)).toContain('seen on a server');
  });
});

describe('days', () => {
  it('mean all of the day for a refusal, as far as it has passed, and its beginning for a grant', () => {
    const noonMs = Date.parse(beginOfDay('2026-03-31') ?? '') + 12 * 3_600_000;
    expect(decidedOn('2026-03-31', 'grant', noonMs)).toBe(beginOfDay('2026-03-31'));
    expect(decidedOn('2026-03-31', 'withdraw', noonMs)).toBe(new Date(noonMs).toISOString());
    expect(decidedOn('2026-03-30', 'decline', noonMs)).toBe(endOfDay('2026-03-30'));
    expect(decidedOn('', 'withdraw', noonMs)).toBeNull();
  });

  it('become moments, and none stays none', () => {
    expect([endOfDay(''), beginOfDay('')]).toEqual([null, null]);
    expect(Date.parse(endOfDay('2026-03-31') ?? '') - Date.parse(beginOfDay('2026-03-31') ?? '')).toBeGreaterThan(22 * 3_600_000);
  });
});
