import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseProfile, SHIPPED_PROFILES_URL, type Store } from '@mailwarden/catalogue';
import type { BundleRule, Observation, RotationRule, StoreObservation } from '@mailwarden/contracts';
import { instantOf, known, unknown } from '@mailwarden/kernel';
import { describe, expect, it } from 'vitest';
import { absentRotation, lateRotation, logElsewhere } from './judge-rotation.js';
import { undeterminedBy } from './undetermined.js';

const NOW_MS = Date.UTC(2026, 10, 24, 12);
const DAY_MS = 86_400_000;
const parsed = parseProfile(readFileSync(fileURLToPath(new URL('kaspersky-klms-8.yaml', SHIPPED_PROFILES_URL)), 'utf8'));
if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
const { stores } = parsed.value;

const declared = (id: string, change: Partial<Store> = {}): Store => {
  const store = stores.find((candidate) => candidate.id === id);
  if (store === undefined) throw new Error(`no store ${id}`);
  return { ...store, ...change };
};
const seen = (change: Partial<StoreObservation> = {}): StoreObservation => ({ id: declared('trace-log').id, kind: 'log', present: true, items: known(3), bytesApparent: known(10), bytesAllocated: known(10), oldestAt: known(null), newestAt: known(null), configuredLimits: [], access: { accounts: [], breaches: [] }, rotationRules: [], skipped: [], unknown: [], ...change });
const enforced = (kind: 'bytes' | 'age', mode: 'enforce' | 'observe' = 'enforce'): BundleRule[] => [{ mode, watermarks: [{ kind, limit: 1, target: 1 }] } as unknown as BundleRule];
const absent = (store: Store, observed: StoreObservation, rules: BundleRule[] = []): string[] => absentRotation(store, observed, rules, NOW_MS).map(({ code, subject, severity }) => `${code} ${severity} ${subject}`);

describe('a limit that should have triggered', () => {
  it('is told a tenth above where the product rotates, not at it', () => {
    const at = (bytes: number): string[] => absent(declared('trace-log'), seen({ bytesAllocated: known(bytes) }));
    expect([at(500e6), at(550e6), at(550e6 + 1)]).toEqual([[], [], ['rotation-absent medium bytes']]);
    expect(absent(declared('event-log'), seen({ records: known(1_200_000) }))).toEqual(['rotation-absent medium records']);
  });

  it('is the largest that the vendor states, and the one that is set where one is', () => {
    const setting = { kind: 'bytes' as const, limit: known({ value: 2e9, written: '2000' }, 'settings.conf') };
    expect(absent(declared('backup'), seen({ bytesAllocated: known(7e9) }))).toEqual([]);
    expect(absent(declared('backup'), seen({ bytesAllocated: known(8.1e9) }))).toEqual(['rotation-absent medium bytes']);
    expect(absent(declared('backup'), seen({ bytesAllocated: known(7e9), configuredLimits: [setting] }))).toEqual(['rotation-absent medium bytes']);
  });

  it('is not told where a policy enforces that limit, where it stops the writing, and where nothing was measured', () => {
    const full = seen({ bytesAllocated: known(9e9) });
    expect(absent(declared('trace-log'), full, enforced('bytes'))).toEqual([]);
    expect(absent(declared('trace-log'), full, enforced('age'))).toHaveLength(1);
    expect(absent(declared('trace-log'), full, enforced('bytes', 'observe'))).toHaveLength(1);
    const [limit] = declared('trace-log').limits;
    if (limit === undefined) throw new Error('the page states one');
    expect(absent(declared('trace-log', { limits: [{ ...limit, effect: 'stop-writing' }] }), seen({ ...full, rotationRules: [weekly(1)] }))).toEqual([]);
    expect(absent(declared('trace-log'), seen({ bytesAllocated: unknown('gone') }))).toEqual([]);
  });
});

const weekly = (days: number | null): RotationRule => ({ tool: 'logrotate', source: '/etc/logrotate.d/klms:1', says: 'weekly', lastRanAt: days === null ? unknown('no record') : known(instantOf(NOW_MS - days * DAY_MS)), everySeconds: 604_800 });

describe('a log without a rule', () => {
  const unlimited = declared('trace-log', { limits: [] });
  it('is told, unless a rule, the product or a policy rotates it, or nobody can tell', () => {
    expect(absent(unlimited, seen())).toEqual(['rotation-absent medium no rule']);
    expect(absent(unlimited, seen({ rotationRules: [weekly(1)] }))).toEqual([]);
    expect(absent(declared('trace-log'), seen())).toEqual([]);
    expect(absent(unlimited, seen(), enforced('age'))).toEqual([]);
    expect(absent(unlimited, seen({ items: known(0) }))).toEqual([]);
    const { rotationRules: _none, ...notLooked } = seen();
    expect(absent(unlimited, notLooked)).toEqual([]);
    expect(absent(unlimited, seen({ unknown: [{ what: 'rules that rotate it', why: 'x' }] }))).toEqual([]);
    expect(absent({ ...unlimited, kind: 'files' }, seen())).toEqual([]);
  });
});

describe('a job that does not run', () => {
  const late = (...rules: RotationRule[]): string[] => lateRotation(declared('trace-log'), seen({ rotationRules: rules }), NOW_MS).map(({ code, subject }) => `${code} ${subject}`);
  it('is told after twice its period, each rule for itself', () => {
    expect([late(weekly(14)), late(weekly(null)), late({ ...weekly(99), everySeconds: null })]).toEqual([[], [], []]);
    expect(late(weekly(15), { ...weekly(15), tool: 'tmpfiles', source: '/x:1' }, weekly(1))).toEqual(['rotation-late logrotate /etc/logrotate.d/klms:1', 'rotation-late tmpfiles /x:1']);
  });
});

describe('a log that lies elsewhere', () => {
  const none = known({ files: 0, lines: 0, bytes: 0, oldestAt: null });
  const some = known({ files: 1, lines: 2, bytes: 1000, oldestAt: null }, '/var/log/mail.log');
  const told = (destination: string, inSystemLog: StoreObservation['inSystemLog'], store = declared('trace-log')): string[] =>
    logElsewhere(store, seen(inSystemLog === undefined ? {} : { inSystemLog }), { settings: { 'trace-destination': known(destination) } } as unknown as Observation).map(({ message, severity }) => `${severity} ${message}`);
  it('is told by the setting, and by what was found', () => {
    expect(told('syslog', none)).toEqual(['info trace-destination sends Trace log to the log of the system; no line of it was found there']);
    expect(told('file', some)).toEqual(['info the log of the system holds lines of Trace log; 2 lines (1.00 KB) lie there']);
    expect(told('syslog', unknown('closed'))).toHaveLength(1);
    expect([told('file', none), told('file', undefined), told('file', unknown('closed'))]).toEqual([[], [], []]);
  });
  it('is no finding where the system log is its place', () => expect(told('syslog', some, declared('trace-log', { files: [], systemLog: { programs: ['x'], when: null } }))).toEqual([]));
});

describe('what could not be told of rotation closes no finding', () => {
  const open = (change: Partial<StoreObservation>): string[] => {
    const undetermined = undeterminedBy({ stores: [seen(change)], settings: {}, ksn: known('off'), agreements: [], licence: unknown('x') } as unknown as Observation);
    return (['rotation-absent', 'rotation-late', 'log-elsewhere'] as const).filter((code) => undetermined({ code, store: seen().id }));
  };
  it.each<[string, Partial<StoreObservation>, string[]]>([
    ['all is known', {}, []],
    ['no record', { rotationRules: [weekly(null)] }, ['rotation-late']],
    ['rules unread', { unknown: [{ what: 'rules that rotate it', why: 'x' }] }, ['rotation-absent', 'rotation-late']],
    ['no size', { bytesAllocated: unknown('x') }, ['rotation-absent']],
    ['a log unread', { unknown: [{ what: 'part of the system log', why: 'x' }] }, ['log-elsewhere']],
    ['logs unread', { inSystemLog: unknown('x') }, ['log-elsewhere']],
  ])('%s', (_what, change, codes) => expect(open(change)).toEqual(codes));
});
