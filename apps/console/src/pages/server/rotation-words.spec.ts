import type { RotationRule, StatementRow } from '@mailwarden/contracts';
import { expect, it } from 'vitest';
import { rotationWords } from './rotation-words.js';

const NOW = Date.UTC(2026, 10, 25, 12);
const at = (days: number): never => new Date(NOW - days * 86_400_000).toISOString() as never;
const measured = (part: Partial<StatementRow['measured']>): StatementRow['measured'] => ({ present: true, ...part }) as StatementRow['measured'];
const weekly: RotationRule = { tool: 'logrotate', source: '/etc/logrotate.d/rsyslog:1', says: 'weekly, keeps 4', lastRanAt: { known: true, value: at(2) }, everySeconds: 604_800 };
const words = (part: Partial<StatementRow['measured']>, kind: StatementRow['kind'] = 'log'): string[] => rotationWords(measured(part), kind, NOW).map(({ name, words: told }) => `${name} | ${told}`);

it('tells each rule with its last run, and takes no unknown for never', () => {
  expect(words({ rotationRules: [weekly] })).toEqual(['Rotated | logrotate: weekly, keeps 4; last 2 days ago']);
  expect(words({ rotationRules: [{ ...weekly, lastRanAt: { known: false, reason: 'no record' } }] })).toEqual(['Rotated | logrotate: weekly, keeps 4; when last is unknown: no record']);
  expect(words({ rotationRules: [{ ...weekly, tool: 'journald', everySeconds: null, lastRanAt: { known: false, reason: 'no record' } }] })).toEqual(['Rotated | journald: weekly, keeps 4']);
});

it('says of a log alone that no rule rotates it, and nothing where nobody looked', () => {
  expect(words({ rotationRules: [] })).toEqual(['Rotated | by no rule of this server']);
  expect([words({ rotationRules: [] }, 'files'), words({ rotationRules: [], present: false }), words({})]).toEqual([[], [], []]);
});

it('tells what lies in the log of the system', () => {
  expect(words({ inSystemLog: { known: true, value: { files: 2, lines: 1, bytes: 1500, oldestAt: at(3) } } })).toEqual(['In the system log | 1 line, 1.50 KB in 2 logs, oldest 3 days ago']);
  expect(words({ inSystemLog: { known: true, value: { files: 0, lines: 0, bytes: 0, oldestAt: null } } })).toEqual(['In the system log | nothing']);
  expect(words({ inSystemLog: { known: false, reason: 'rules of syslog-ng are not read' } })).toEqual(['In the system log | unknown: rules of syslog-ng are not read']);
});
