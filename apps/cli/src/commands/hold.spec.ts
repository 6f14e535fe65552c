import { parsePolicies } from '@mailwarden/policy';
import { describe, expect, it } from 'vitest';
import { CommandFailure } from '../failure.js';
import { holdDocument, momentFrom } from './hold.js';

const adviceOf = (run: () => unknown): string => {
  try {
    run();
  } catch (cause) {
    if (cause instanceof CommandFailure) return `${cause.message}; ${cause.advice}`;
    throw cause;
  }
  return 'nothing was wrong';
};

describe('a hold from the command line', () => {
  it('becomes a policy that says just what was typed', () => {
    const text = holdDocument('case-7', { store: ['*/backup', 'kaspersky-klms-8/reports'], message: ['<a@example.org>'], server: 'mx-1', label: ['role=mx'], from: '2026-01-01', until: '2026-03-31', askedBy: 'legal: "department"', reason: 'open\nmode: enforce' });
    const parsed = parsePolicies(text);
    expect(parsed.ok && parsed.value).toMatchObject([
      {
        kind: 'hold', name: 'case-7', servers: { labels: { role: 'mx', name: 'mx-1' }, except: [] }, stores: [{ profile: null, store: 'backup' }, { profile: 'kaspersky-klms-8', store: 'reports' }], everyStore: false,
        from: '2026-01-01T00:00:00.000Z', until: '2026-03-31T23:59:59.999Z', messages: ['<a@example.org>'], askedBy: 'legal: "department"', reason: 'open\nmode: enforce', expires: null,
      },
    ]);
  });

  it('holds every store where it is told so', () => {
    const parsed = parsePolicies(holdDocument('all', { store: ['*'], reason: 'a raid' }));
    expect(parsed.ok && parsed.value).toMatchObject([{ everyStore: true, stores: [], messages: [], from: null, until: null }]);
  });

  it('takes moments that name their zone, and days', () => {
    expect(momentFrom('--from', '2026-03-31T12:00:00+02:00', 'beginning')).toBe('2026-03-31T10:00:00.000Z');
    for (const typed of ['2026-02-31', '2026-03-31T12:00:00', 'yesterday', '31.03.2026', '']) expect(adviceOf(() => momentFrom('--from', typed, 'beginning')), typed).toContain('is no moment');
  });

  it('wants a reason, and labels with a value', () => {
    expect(adviceOf(() => holdDocument('case-7', { store: ['*'], reason: '  ' }))).toContain('an auditor will ask');
    expect(adviceOf(() => holdDocument('case-7', { store: ['*'], reason: 'x', label: ['role'] }))).toContain('--label role=mx');
  });
});
