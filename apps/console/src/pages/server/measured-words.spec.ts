import type { StatementRow } from '@mailwarden/contracts';
import { expect, it } from 'vitest';
import { measuredWords, shortSource } from './measured-words.js';

const measured = (part: Partial<StatementRow['measured']>): StatementRow['measured'] => part as StatementRow['measured'];

it('tells what should not be there, and never takes the unknown for none', () => {
  expect(measuredWords(measured({ leftovers: { known: true, value: { items: 2, bytes: 1500, oldestAt: null } } }))).toEqual([{ name: 'Leftovers', words: '2 files, 1.50 KB, from before the service\'s start', bad: true }]);
  expect(measuredWords(measured({ orphans: { known: true, value: { filesWithoutRow: 1, rowsWithoutFile: 0 } } }))[0]).toMatchObject({ words: '1 file without a row, 0 rows without a file', bad: true });
  expect(measuredWords(measured({ orphans: { known: false, reason: 'the database is away' } }))[0]?.words).toBe('unknown: the database is away');
  expect(measuredWords(measured({ leftovers: { known: true, value: { items: 0, bytes: 0, oldestAt: null } } }))[0]).toMatchObject({ words: 'none', bad: false });
  expect(measuredWords(measured({ openDeleted: { known: true, value: { items: 1, bytes: 4096 } } }))).toEqual([{ name: 'Deleted, open', words: '1 file, 4.10 KB, still held open', bad: true }]);
  expect(measuredWords(measured({ openDeleted: { known: true, value: { items: 0, bytes: 0 } } }))).toEqual([]);
  expect(measuredWords(measured({ openDeleted: { known: false, reason: 'it may not be looked at' } }))[0]?.words).toBe('unknown: it may not be looked at');
  expect(measuredWords(measured({}))).toEqual([]);
});

it('leaves the folders of a settings file to the hover, and other sources as they are', () => {
  expect(['/etc/opt/kaspersky/klms/settings.conf, backupMaxSizeMb = 1000', 'fleet-backup-watch', 'help-167766', 'a/b', '/settings.conf, x = /a/b'].map(shortSource)).toEqual(['settings.conf, backupMaxSizeMb = 1000', 'fleet-backup-watch', 'help-167766', 'a/b', '/settings.conf, x = /a/b']);
});
