import { known, unknown, type Instant } from '@mailwarden/kernel';
import { describe, expect, it } from 'vitest';
import { undeclaredLines } from './undeclared-lines.js';

describe('what lies outside every store', () => {
  it('is told by place and kind, as unknown with its reason, as nothing, or not at all where nobody looked', () => {
    const newestAt = '2026-11-24T10:00:00.000Z' as Instant;
    expect(undeclaredLines({ undeclared: known([{ kind: 'mail-like', place: '/var/tmp', items: 1, bytes: 2_000, newestAt }, { kind: 'account-files', place: 'other', items: 3, bytes: 5, newestAt: null }]) })).toEqual([
      ['/var/tmp', `what looks like letters, open to everyone: 1 file, 2.00 KB, newest ${newestAt}`],
      ['other', "the product's accounts: 3 files, 5 B"],
    ]);
    expect(undeclaredLines({ undeclared: unknown('not finished') })).toEqual([['outside every store', 'unknown, because not finished']]);
    expect(undeclaredLines({ undeclared: known([]) })).toEqual([['outside every store', 'nothing was found']]);
    expect(undeclaredLines({})).toEqual([]);
  });
});
