import type { Observation, UndeclaredData } from '@mailwarden/contracts';
import { known, unknown, type Measured } from '@mailwarden/kernel';
import { describe, expect, it } from 'vitest';
import { undeclaredFindings } from './judge-undeclared.js';
import { undeterminedBy } from './undetermined.js';

const seen = (undeclared?: Measured<UndeclaredData[]>): Observation => ({ stores: [], settings: {}, ksn: known('off'), agreements: [], licence: unknown('x'), ...(undeclared === undefined ? {} : { undeclared }) }) as unknown as Observation;
const letters: UndeclaredData = { kind: 'mail-like', place: '/var/tmp', items: 2, bytes: 4_096, newestAt: null };
const files: UndeclaredData = { kind: 'account-files', place: 'other', items: 1, bytes: 5, newestAt: null };

describe('data outside every store', () => {
  it('is grave where everyone may read letters, and is told by place and number', () => {
    expect(undeclaredFindings(seen(known([letters, files])))).toMatchObject([
      { code: 'undeclared-data', severity: 'high', store: null, subject: 'mail-like /var/tmp', message: '2 files that look like letters can be read by everyone, below /var/tmp: 4.10 KB' },
      { code: 'undeclared-data', severity: 'low', store: null, subject: 'account-files other', message: "1 file of the product's accounts lies outside every declared store, outside the usual folders of the system: 5 B" },
    ]);
  });

  it('closes nothing while the look is not finished or nobody looked, and closes what a finished look does not show', () => {
    const finding = { code: 'undeclared-data', store: null } as const;
    for (const nothing of [seen(), seen(unknown('not finished'))]) {
      expect(undeclaredFindings(nothing)).toEqual([]);
      expect(undeterminedBy(nothing)(finding)).toBe(true);
    }
    expect(undeterminedBy(seen(known([])))(finding)).toBe(false);
  });
});
