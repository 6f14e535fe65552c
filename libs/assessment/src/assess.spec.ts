import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseProfile, SHIPPED_PROFILES_URL, type Profile } from '@mailwarden/catalogue';
import type { Observation, PolicyBundle, StoreObservation } from '@mailwarden/contracts';
import { instantOf, known, unknown, type ServerName } from '@mailwarden/kernel';
import { describe, expect, it } from 'vitest';
import { assess } from './assess.js';
import { buildStatement } from './statement.js';
import { undeterminedBy } from './undetermined.js';

const NOW = instantOf(Date.UTC(2026, 10, 24, 12));
const AN_HOUR_AGO = instantOf(Date.UTC(2026, 10, 24, 11));
const profile = ((): Profile => {
  const parsed = parseProfile(readFileSync(fileURLToPath(new URL('kaspersky-klms-8.yaml', SHIPPED_PROFILES_URL)), 'utf8'));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
})();

const store = (id: string, change: Partial<StoreObservation> = {}): StoreObservation => {
  const declared = profile.stores.find((candidate) => candidate.id === id);
  if (declared === undefined) throw new Error(`no store ${id}`);
  return { id: declared.id, kind: declared.kind, present: true, items: known(3), bytesApparent: known(3000), bytesAllocated: known(4096), oldestAt: known(AN_HOUR_AGO), newestAt: known(AN_HOUR_AGO), configuredLimits: [], access: { accounts: [], breaches: [] }, skipped: [], unknown: [], ...change };
};

const observation = (stores: readonly StoreObservation[], change: Partial<Observation> = {}): Observation => ({
  schema: 'mailwarden/observation/v1',
  server: 'mx-1' as ServerName,
  profile: profile.id,
  product: { name: profile.product.name, version: known('8.0.3') },
  startedAt: NOW,
  durationMs: 5,
  serviceStartedAt: known(AN_HOUR_AGO),
  stores: [...stores],
  settings: {},
  ksn: known('off'),
  agreements: [],
  flows: [],
  licence: unknown('not read'),
  afterOrder: null,
  bundleVersion: null,
  ...change,
});

const judged = (seen: Observation, bundle: PolicyBundle | null = null) => assess({ observation: seen, profile, bundle, effective: [], now: NOW });
const stated = (seen: Observation, id: string, bundle: PolicyBundle | null = null) => buildStatement({ observation: seen, profile, bundle, effective: [], now: NOW }).rows.find((row) => row.store === id);

const bundleWith = (bytes: number): PolicyBundle => ({
  schema: 'mailwarden/policy-bundle/v1',
  server: 'mx-1' as ServerName,
  version: 1,
  labels: {},
  rules: [{ policy: 'cap', policyVersion: '0'.repeat(64) as never, profile: profile.id, store: store('backup').id, mode: 'enforce', watermarks: [{ kind: 'bytes', limit: bytes, target: bytes / 2 }], clock: 'modified', keep: { newest: 0, youngerThanSeconds: 0 }, bounds: { items: 1, bytes: 1, percent: 1, deadlineSeconds: 1 }, written: { bytes: `${bytes} B` } }],
  holds: [],
  transmission: { failClosed: false },
  scanIntervalSeconds: 60,
  issuedAt: AN_HOUR_AGO,
  expiresAt: instantOf(Date.parse(NOW) + 1000),
});

describe('limits', () => {
  it('count by policy before setting before page, and contradictions stay visible', () => {
    const backup = store('backup', { configuredLimits: [{ kind: 'bytes', limit: known({ value: 7e9, written: '7000' }, 'settings.conf, backupMaxSizeMb') }] });
    const used = (bundle: PolicyBundle | null, seen: StoreObservation) => stated(observation([seen]), 'backup', bundle)?.limits.filter((limit) => limit.used).map(({ origin, value }) => `${origin} ${value}`);
    expect(used(bundleWith(5000), backup)).toEqual(['policy 5000']);
    expect(used(null, backup)).toEqual(['configured 7000000000']);
    expect(used(null, store('backup'))).toEqual(['documented 1000000000']);
    expect(stated(observation([backup]), 'backup')?.limits.map(({ written }) => written)).toEqual(['1 GB', '7.32 GB', '7.00 GB']);
  });

  it('are passed above them, not at them', () => {
    const at = (bytes: number) => judged(observation([store('backup', { bytesAllocated: known(bytes) })]), bundleWith(5000)).map(({ code }) => code);
    expect(at(5000)).toEqual([]);
    expect(at(5001)).toEqual(['over-limit']);
  });

  it('that could not be measured are never kept', () => {
    const row = stated(observation([store('event-log', { items: unknown('the database is away'), records: unknown('the database is away'), unknown: [{ what: 'records', why: 'the database is away' }] })]), 'event-log');
    expect(row).toMatchObject({ state: 'finding', because: expect.stringContaining('the database is away') });
  });
});

describe('a statement', () => {
  it('calls a store without any limit by its name, never in order', () => {
    expect(stated(observation([store('reports')]), 'reports')).toMatchObject({ state: 'not-limited' });
  });
  it('has a row for every store of the profile, seen or not', () => {
    expect(buildStatement({ observation: observation([]), profile, bundle: null, effective: [], now: NOW }).rows.map((row) => row.store)).toEqual(profile.stores.map(({ id }) => id));
  });
});

describe('what is found on a host', () => {
  it('is nothing to judge where the product is not', () => {
    const absent = observation(profile.stores.map(({ id, kind }) => store(id, { present: kind === 'memory' })), { product: { name: profile.product.name, version: unknown('no file') } });
    expect(judged(absent).map(({ code }) => code)).toEqual(['product-absent']);
    expect(stated(absent, 'backup')?.state).toBe('unknown');
  });
  it.each([
    ['leftovers', store('temporary', { leftovers: known({ items: 2, bytes: 10, oldestAt: AN_HOUR_AGO }) }), 'leftover-files'],
    ['halves', store('backup', { orphans: known({ filesWithoutRow: 1, rowsWithoutFile: 0 }) }), 'orphaned-halves'],
    ['an account too many', store('backup', { access: { accounts: [], breaches: [{ kind: 'group', account: 'help', read: true, write: false, items: 1, mode: '0640', because: 'by group help' }] } }), 'access-too-wide'],
    ['a dump', store('dumps', { items: known(1) }), 'dump-present'],
  ])('%s are told', (_what, seen, code) => {
    expect(judged(observation([seen])).map((finding) => finding.code)).toContain(code);
  });
});

describe('who gets in beyond the profile', () => {
  const breach = { kind: 'acl' as const, account: 'backup', read: true, write: false, items: 2, mode: '0660', because: 'by the entry user:backup:r--' };
  const found = (...breaches: object[]) => judged(observation([store('backup', { access: { accounts: [], breaches: breaches.map((change) => ({ ...breach, ...change })) } })])).filter(({ code }) => code === 'access-too-wide');

  it('weighs more where it can write or where it is everyone, and little where it is yet to come', () => {
    const yetToCome = { read: false, write: false, because: 'what is made here begins with default:user:backup:rw-' };
    expect(found({}, { kind: 'owner', write: true }, { kind: 'mode', account: 'everyone' }, yetToCome).map(({ severity }) => severity)).toEqual(['medium', 'high', 'high', 'info']);
    expect(found(yetToCome)[0]?.message).toBe('backup can be let into what is made in 2 folders of Backup: what is made here begins with default:user:backup:rw-');
  });
  it('is told apart from what is yet to come for the same account', () => {
    expect(new Set(found({}, { read: false }).map(({ subject }) => subject)).size).toBe(2);
  });
  it('is told of records where the database lets it in', () => {
    expect(found({ kind: 'database', account: 'role reader', because: 'is granted SELECT' })[0]?.message).toBe('role reader can read the records of Backup: is granted SELECT');
  });
});

describe('what a scan could not tell', () => {
  it('is told apart, store by store', () => {
    const seen = observation([store('backup', { orphans: unknown('a rotation is under way') }), store('kata-quarantine')], { ksn: unknown('the file is gone') });
    const undetermined = undeterminedBy(seen);
    const told = (code: 'orphaned-halves' | 'over-limit' | 'ksn-without-consent', id: string | null): boolean => undetermined({ code, store: id as never });
    expect([told('orphaned-halves', 'backup'), told('ksn-without-consent', null)]).toEqual([true, true]);
    expect([told('orphaned-halves', 'kata-quarantine'), told('over-limit', 'backup')]).toEqual([false, false]);
  });
  it('is everything about a store with a part that could not be read', () => {
    const undetermined = undeterminedBy(observation([store('backup', { unknown: [{ what: 'part of the store', why: '1 places could not be read (permission-denied)' }] })]));
    expect((['over-limit', 'access-too-wide', 'orphaned-halves'] as const).every((code) => undetermined({ code, store: store('backup').id }))).toBe(true);
  });
});

describe('what a scan shows beside limits', () => {
  const codes = (seen: Observation): string[] => judged(seen).map(({ code, store: where, severity }) => `${code} ${where ?? '-'} ${severity}`);

  it('is a contradiction of the vendor only where nothing decides', () => {
    const setting = { kind: 'bytes' as const, limit: known({ value: 5e9, written: '5000' }, 'settings.conf') };
    expect(codes(observation([store('backup')]))).toContain('limits-disagree backup info');
    expect(codes(observation([store('backup', { configuredLimits: [setting] })]))).not.toContain('limits-disagree backup info');
    expect(codes(observation([store('kata-quarantine')]))).toEqual([]);
  });

  it('is a file that was deleted and is still open', () => {
    expect(codes(observation([store('temporary', { openDeleted: known({ items: 2, bytes: 8192 }) })]))).toEqual(['deleted-but-open temporary low']);
    expect(codes(observation([store('temporary', { openDeleted: known({ items: 0, bytes: 0 }) })]))).toEqual([]);
  });

  it('is a configuration that changed within a day', () => {
    expect(codes(observation([store('configuration', { contentChangedAt: known(AN_HOUR_AGO) })]))).toEqual(['configuration-changed configuration info']);
    expect(codes(observation([store('configuration', { contentChangedAt: known(instantOf(Date.parse(NOW) - 2 * 86_400_000)) })]))).toEqual([]);
  });

  it('is a version that the profile was not written for', () => {
    expect(codes(observation([store('reports')], { product: { name: 'x', version: known('10.1.0') } }))).toEqual(['version-outside-profile - medium']);
    expect(codes(observation([store('reports')], { product: { name: 'x', version: known('8.0.3.30') } }))).toEqual([]);
  });

  it('is a scan that did not see everything', () => {
    const effort = { mode: 'full' as const, entries: 5, foldersRead: 1, foldersRemembered: 0, pausedMs: 0, notice: null };
    expect(codes(observation([store('reports')], { effort: { ...effort, complete: false } }))).toEqual(['scan-unfinished - low']);
    expect(codes(observation([store('reports')], { effort: { ...effort, complete: true } }))).toEqual([]);
  });

  it('is a limit that is near, unless a policy enforces it', () => {
    const dayMs = 86_400_000;
    const points = Array.from({ length: 10 }, (_, day) => ({ atMs: Date.parse(NOW) - (9 - day) * dayMs, bytes: 0.1e9 + day * 0.09e9, records: null }));
    const seen = observation([store('kata-quarantine')]);
    const near = { observation: seen, profile, effective: [], trends: { 'kata-quarantine': { spacingMs: dayMs, points } }, now: NOW };
    expect(assess({ ...near, bundle: null })).toMatchObject([{ code: 'limit-soon', severity: 'low', store: 'kata-quarantine', message: expect.stringContaining('grows by 90.0 MB a day and reaches 1.00 GB in about 1 day') as string }]);
    const enforced = bundleWith(1e9);
    expect(assess({ ...near, bundle: { ...enforced, rules: enforced.rules.map((rule) => ({ ...rule, store: 'kata-quarantine' as never })) } })).toEqual([]);
    expect(buildStatement({ ...near, bundle: null }).rows.find((row) => row.store === 'kata-quarantine')?.measured.forecast).toMatchObject({ known: true, value: { perDay: 90_000_000 } });
  });
});
