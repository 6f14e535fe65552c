import { createHash } from 'node:crypto';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { assess, buildStatement } from '@mailwarden/assessment';
import { parseProfile, SHIPPED_PROFILES_URL, type Profile } from '@mailwarden/catalogue';
import type { EffectiveConsent } from '@mailwarden/consent';
import type { AssessedFinding, BundleRule, ConsentState, Observation, PolicyBundle, StatementRow } from '@mailwarden/contracts';
import { measureHost } from '@mailwarden/inventory-fs';
import { instantOf, type ServerName, type Sha256, type StoreId } from '@mailwarden/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AS_ROOT, DOCUMENTS, KLMS, KlmsHost, TEXTS, WATCHER_UID } from './klms-host.js';

const SERVER = 'mx-1' as ServerName;
const DAY_MS = 86_400_000;
const profile = ((): Profile => {
  const parsed = parseProfile(readFileSync(fileURLToPath(new URL('kaspersky-klms-8.yaml', SHIPPED_PROFILES_URL)), 'utf8'));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
})();

/** What a scan showed, and what follows from it. */
interface Seen {
  readonly observation: Observation;
  readonly findings: readonly AssessedFinding[];
  row(store: string): StatementRow;
}

/** One value of the product's statement: how it goes wrong, how it is told, and what is told of the right and of the wrong state. */
interface Value {
  /** What it belongs to: `store:backup`, `switch:dumps` and so on. */
  readonly of: string;
  readonly value: string;
  readonly wrong: (host: KlmsHost) => unknown;
  readonly told: (seen: Seen) => unknown;
  readonly expected: readonly [right: unknown, wrong: unknown];
  /** Policy and decisions under which both states are judged. */
  readonly bundle?: PolicyBundle;
  readonly effective?: readonly EffectiveConsent[];
  readonly needsRoot?: boolean;
  /** Told by what others of the table are told by as well, or large: its wrong state is laid out alone. */
  readonly apart?: true;
}

const found = (code: string, store: string | null, subject?: string) => ({ findings }: Seen): boolean => findings.some((finding) => finding.code === code && finding.store === store && (subject === undefined || finding.subject === subject));
const FOUND = [false, true] as const;
const storeIn = ({ observation }: Seen, id: string) => observation.stores.find((store) => store.id === id);
const setting = (name: string) => ({ observation }: Seen): unknown => (observation.settings[name]?.known === true ? observation.settings[name].value : 'unknown');
const counting = (store: string) => (seen: Seen): string => seen.row(store).limits.filter((limit) => limit.used).map(({ origin, written }) => `${origin} ${written}`).join(', ');

function policy(store: string, kind: 'bytes' | 'records' | 'age', limit: number): PolicyBundle {
  const rule: BundleRule = { policy: 'cap', policyVersion: '0'.repeat(64) as Sha256, profile: profile.id, store: store as StoreId, mode: 'observe', watermarks: [{ kind, limit, target: limit / 2 }], clock: 'modified', keep: { newest: 0, youngerThanSeconds: 0 }, bounds: { items: 1, bytes: 1, percent: 1, deadlineSeconds: 1 }, written: {} };
  const now = Date.now();
  return { schema: 'mailwarden/policy-bundle/v1', server: SERVER, version: 1, labels: {}, rules: [rule], holds: [], transmission: { failClosed: false }, scanIntervalSeconds: 60, issuedAt: instantOf(now), expiresAt: instantOf(now + DAY_MS) };
}
const decided = (state: ConsentState): EffectiveConsent[] => profile.agreements.map(({ id }) => ({ agreement: id, state, because: 'decided for this test', decision: null }));

/** Stores of files, with a place in each. */
const FILES = { reports: `${KLMS}/reports`, 'trace-log': '/var/log/kaspersky/klms', backup: `${KLMS}/backup`, 'antispam-quarantine': `${KLMS}/asp_quarantine`, 'kata-quarantine': `${KLMS}/kata_quarantine` } as const;
const PAIRS = { backup: ['backup', 'backupMaxSizeMb'], 'antispam-quarantine': ['asp_quarantine', 'aspQuarantineMaxSizeMb'], 'kata-quarantine': ['kata_quarantine', 'kataQuarantineMaxSizeMb'] } as const;
const LOGS = { 'event-log': ['event_log', 'eventLogMaxRecords'], 'audit-log': ['audit_log', 'auditLogMaxRecords'] } as const;
const AGE_SECONDS = 2 * 86_400;
const opened = (host: KlmsHost, path: string): void => chmodSync(join(host.root, path), 0o755);
const open = (store: string, path: string): Value => ({
  of: `store:${store}`,
  value: 'protection: root and kluser',
  apart: true,
  wrong: (host) => {
    for (const folder of ['/var/opt/kaspersky', KLMS, '/var/log/kaspersky', '/etc/opt/kaspersky', '/etc/opt/kaspersky/klms', path.slice(0, path.lastIndexOf('/'))]) opened(host, folder);
    host.put(path, 'for everyone', { mode: 0o644 });
  },
  told: found('access-too-wide', store, 'mode everyone'),
  expected: FOUND,
});

const ofFiles = Object.entries(FILES).flatMap(([store, folder]): Value[] => [
  open(store, `${folder}/open`),
  { of: `store:${store}`, value: 'no vendor age, so a policy age counts', bundle: policy(store, 'age', AGE_SECONDS), wrong: (host) => host.put(`${folder}/old`, 'x', { ageHours: 72 }), told: found('over-age', store, 'age'), expected: FOUND },
  { of: `store:${store}`, value: 'a limit by policy', bundle: policy(store, 'bytes', 500_000), wrong: (host) => host.large(`${folder}/large`, 1), told: found('over-limit', store, 'bytes'), expected: FOUND },
  { of: `store:${store}`, value: 'deleted files that are held open', apart: true, wrong: (host) => host.serve(`echo x > ${join(host.root, folder)}/held; exec 3< ${join(host.root, folder)}/held; rm ${join(host.root, folder)}/held`), told: found('deleted-but-open', store), expected: FOUND },
]);

const ofPairs = Object.entries(PAIRS).flatMap(([store, [name, key]]): Value[] => [
  { of: `store:${store}`, value: 'the limit of the vendor, 1 GB', apart: true, wrong: (host) => (host.set({ [key]: null }), host.large(`${KLMS}/${name}/large`, 1_001)), told: (seen) => [found('over-limit', store, 'bytes')(seen), counting(store)(seen)], expected: [[false, 'configured 1.00 GB'], [true, 'documented 1 GB']] },
  { of: `store:${store}`, value: "the limit of the product's settings", wrong: (host) => (host.set({ [key]: '1' }), host.large(`${KLMS}/${name}/large`, 2)), told: (seen) => [found('over-limit', store, 'bytes')(seen), counting(store)(seen)], expected: [[false, 'configured 1.00 GB'], [true, 'configured 1.00 MB']] },
  { of: `store:${store}`, value: 'each file has its row', wrong: (host) => host.put(`${KLMS}/${name}/lone.eml`, 'x', { ageHours: 1 }), told: (seen) => storeIn(seen, store)?.orphans, expected: [{ known: true, value: { filesWithoutRow: 0, rowsWithoutFile: 0 } }, { known: true, value: { filesWithoutRow: 1, rowsWithoutFile: 0 } }] },
  { of: `store:${store}`, value: 'each row has its file', wrong: (host) => host.sql.query(`UPDATE ${name} SET file = 'gone.eml', stored_at = now() - interval '1 hour'`).then(() => host.letter(name, name, 'a.eml', 1, 'x')), told: found('orphaned-halves', store), expected: FOUND },
  { of: `store:${store}`, value: 'its table', wrong: (host) => host.sql.query(`DELETE FROM ${name}`), told: (seen) => storeIn(seen, store)?.records, expected: [expect.objectContaining({ known: true, value: 1 }), expect.objectContaining({ known: true, value: 0 })] },
]);

const ofLogs = Object.entries(LOGS).flatMap(([store, [table, key]]): Value[] => [
  { of: `store:${store}`, value: 'the limit of the vendor, a million records', wrong: async (host) => (host.set({ [key]: null }), await host.logRows(table, 1_000_000, 1)), told: (seen) => [found('over-limit', store, 'records')(seen), counting(store)(seen)], expected: [[false, 'configured 1000000 records'], [true, 'documented 1000000 records']] },
  { of: `store:${store}`, value: "the limit of the product's settings", wrong: (host) => host.set({ [key]: '2' }), told: found('over-limit', store, 'records'), expected: FOUND },
  { of: `store:${store}`, value: 'a limit by policy', bundle: policy(store, 'records', 10), wrong: (host) => host.logRows(table, 10, 1), told: found('over-limit', store, 'records'), expected: FOUND },
  { of: `store:${store}`, value: 'no vendor age, so a policy age counts', bundle: policy(store, 'age', AGE_SECONDS), wrong: (host) => host.logRows(table, 1, 72), told: found('over-age', store, 'age'), expected: FOUND },
  { of: `store:${store}`, value: 'what it holds', wrong: (host) => host.sql.query(`ALTER TABLE ${table} RENAME TO moved_${table}`), told: (seen) => storeIn(seen, store)?.records?.known, expected: [true, false] },
]);

const BOOT = '0123456789abcdef0123456789abcdef';
const DUMPS: readonly Value[] = [
  { of: 'store:dumps', value: 'none in the folder of the product', wrong: (host) => host.put(`${KLMS}/dumps/core.1`, 'x', { root: true }), told: found('dump-present', 'dumps'), expected: FOUND },
  { of: 'store:dumps', value: 'none with systemd', wrong: (host) => host.put(`/var/lib/systemd/coredump/core.klmsdb.1.${BOOT}.2.3.zst`, 'x', { root: true }), told: found('dump-present', 'dumps'), expected: FOUND },
  { of: 'store:dumps', value: 'none with apport', wrong: (host) => host.put('/var/crash/_opt_kaspersky_libexec_scan.0.crash', 'ExecutablePath: /opt/kaspersky/klms/libexec/klms\n', { root: true }), told: found('dump-present', 'dumps'), expected: FOUND },
  { of: 'store:dumps', value: 'those of another program are none', wrong: (host) => host.put(`/var/lib/systemd/coredump/core.cron.1.${BOOT}.2.3.zst`, 'x', { root: true }), told: found('dump-present', 'dumps'), expected: [false, false] },
  { of: 'store:dumps', value: 'protection: root alone', needsRoot: true, wrong: (host) => host.put(`${KLMS}/dumps/core.1`, 'x'), told: found('access-too-wide', 'dumps', 'owner kluser'), expected: FOUND },
  { of: 'store:dumps', value: 'protection: root alone, also where a collector keeps them', wrong: (host) => host.put('/var/crash/_opt_kaspersky_libexec_scan.0.crash', 'ExecutablePath: /opt/kaspersky/klms/libexec/klms\n', { root: true, mode: 0o644 }), told: found('access-too-wide', 'dumps', 'mode everyone'), expected: FOUND },
  { of: 'store:dumps', value: 'how long they stay is not stated', wrong: (host) => host.put(`${KLMS}/dumps/core.1`, 'x', { root: true, ageHours: 99_999 }), told: (seen) => seen.row('dumps').duration.text, expected: ['Not stated by the vendor', 'Not stated by the vendor'] },
  { of: 'switch:dumps', value: 'the switch', wrong: (host) => host.set({ enableDumps: 'yes' }), told: (seen) => [setting('dumps')(seen), found('dump-switched-on', 'dumps')(seen)], expected: [['off', false], ['on', true]] },
  { of: 'switch:core-limit', value: 'the core limit of the running service', needsRoot: true, apart: true, wrong: (host) => host.serve('ulimit -c 8192'), told: found('kernel-dump-possible', 'dumps'), expected: FOUND },
];

const leftover = (value: string, wrong: (host: KlmsHost) => unknown): Value => ({ of: 'store:temporary', value, wrong, told: (seen) => [found('leftover-files', 'temporary')(seen), storeIn(seen, 'temporary')?.leftovers?.known], expected: [[false, true], [true, true]] });
const TEMPORARY: readonly Value[] = [
  leftover('nothing from before the start in klmstmp', (host) => host.put('/tmp/klmstmp/part', 'x', { ageHours: 2 })),
  leftover('nothing from before the start in klms_filter', (host) => host.put('/tmp/klms_filter/sub/part', 'x', { ageHours: 2 })),
  leftover('nothing from before the start where settings moved it', (host) => (host.put('/etc/opt/kaspersky/klms/klms_filters.conf', '[filter]\nworkdir=/srv/klms/work\n'), host.folder('/srv/klms/work'), host.put('/srv/klms/work/part', 'x', { ageHours: 2 }))),
  { of: 'store:temporary', value: 'when the service started', apart: true, wrong: (host) => host.put('/var/run/klms/klms.pid', '4194304\n'), told: (seen) => [seen.observation.serviceStartedAt.known, storeIn(seen, 'temporary')?.leftovers?.known], expected: [[true, true], [false, false]] },
  { of: 'store:temporary', value: 'protection: root and kluser', wrong: (host) => host.folder('/tmp/klmstmp', 0o777), told: found('access-too-wide', 'temporary', 'mode everyone'), expected: FOUND },
];

const OTHERS: readonly Value[] = [
  { of: 'store:reports', value: 'no vendor limit is never in order', wrong: (host) => host.put(`${KLMS}/reports/old`, 'x', { ageHours: 99_999 }), told: (seen) => [seen.row('reports').duration.text, seen.row('reports').state], expected: [['Indefinite', 'not-limited'], ['Indefinite', 'not-limited']] },
  { of: 'store:reports', value: 'its table', wrong: (host) => host.logRows('statistics', 4, 1), told: (seen) => storeIn(seen, 'reports')?.records, expected: [expect.objectContaining({ value: 3 }), expect.objectContaining({ value: 7 })] },
  { of: 'store:trace-log', value: 'the limit of the vendor, 500 MB over all generations', apart: true, wrong: (host) => (host.large('/var/log/kaspersky/klms/klms.log', 300), host.large('/var/log/kaspersky/klms/klms.log.1', 201)), told: (seen) => [found('over-limit', 'trace-log', 'bytes')(seen), counting('trace-log')(seen)], expected: [[false, 'documented 500 MB'], [true, 'documented 500 MB']] },
  { of: 'switch:trace-level', value: 'the level', wrong: (host) => host.set({ traceLevel: 'debug' }), told: setting('trace-level'), expected: ['info', 'debug'] },
  { of: 'switch:trace-destination', value: 'where the trace goes', wrong: (host) => host.set({ traceDestination: 'syslog' }), told: setting('trace-destination'), expected: ['file', 'syslog'] },
  { of: 'store:backup', value: "contradictions of the vendor's pages", wrong: (host) => host.set({ backupMaxSizeMb: null }), told: found('limits-disagree', 'backup', 'bytes'), expected: FOUND },
  { of: 'store:backup', value: 'where settings moved it', wrong: async (host) => (host.installed({ BACKUP_PATH: '/srv/klms/backup' }), host.folder('/srv/klms/backup'), await host.letter('/srv/klms/backup', 'backup', 'b.eml', 1, 'x'), await host.letter('/srv/klms/backup', 'backup', 'c.eml', 1, 'x')), told: (seen) => storeIn(seen, 'backup')?.items, expected: [{ known: true, value: 1 }, { known: true, value: 2 }] },
  { of: 'store:backup', value: 'not where settings that the product may write name a folder of somebody else', needsRoot: true, wrong: async (host) => (host.installed({ BACKUP_PATH: '/srv/klms/backup' }), await host.letter('/srv/klms/backup', 'backup', 'b.eml', 1, 'x'), await host.letter('/srv/klms/backup', 'backup', 'c.eml', 1, 'x')), told: (seen) => storeIn(seen, 'backup')?.items, expected: [{ known: true, value: 1 }, { known: true, value: 1 }] },
  open('configuration', '/etc/opt/kaspersky/klms/open.conf'),
  { of: 'store:configuration', value: 'its content', apart: true, wrong: (host) => host.put('/etc/opt/kaspersky/klms/rules.xml', '<allow/>'), told: (seen) => { const digest = storeIn(seen, 'configuration')?.contentDigest; return digest?.known === true && baseDigest === digest.value; }, expected: [true, false] },
  { of: 'store:memory', value: 'who can read it', needsRoot: true, apart: true, wrong: (host) => host.run('echo ready; exec cat', WATCHER_UID, '+sys_ptrace'), told: found('access-too-wide', 'memory', 'capability watcher'), expected: FOUND },
  { of: 'store:memory', value: 'whether the service runs', apart: true, wrong: (host) => host.put('/var/run/klms/klms.pid', 'none\n'), told: found('unmeasured', 'memory', 'who reads its memory'), expected: FOUND },
  { of: 'version', value: 'the version is one of the profile', apart: true, wrong: (host) => host.installed({ PRODUCT_VERSION: '9.0.1' }), told: found('version-outside-profile', null), expected: FOUND },
  { of: 'version', value: 'the version is known', apart: true, wrong: (host) => host.installed({ PRODUCT_VERSION: null }), told: found('version-unknown', null), expected: FOUND },
];

/** Settings of the running kernel: nobody changes them for a test, so the wrong state is judged from the same scan with the other value. */
const kernelValue = (name: string, file: string): Value => ({ of: `switch:${name}`, value: 'as the running kernel has it', wrong: () => undefined, told: (seen) => setting(name)(seen), expected: ((): readonly [unknown, unknown] => { const value = ((): string => { try { return readFileSync(file, 'utf8').trim(); } catch { return 'unknown'; } })(); return [value, value]; })() });
const KERNEL: readonly Value[] = [kernelValue('core-pattern', '/proc/sys/kernel/core_pattern'), kernelValue('suid-dumpable', '/proc/sys/fs/suid_dumpable'), kernelValue('ptrace-scope', '/proc/sys/kernel/yama/ptrace_scope')];

const agreement = (id: string) => (seen: Seen) => seen.observation.agreements.find((observed) => observed.id === id);
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
const AGREEMENTS: readonly Value[] = [
  ...Object.entries(TEXTS).map(([id, name]): Value => ({ of: `agreement:${id}`, value: 'its text', wrong: (host) => host.put(`${DOCUMENTS}/${name}`, 'another text', { mode: 0o644 }), told: (seen) => { const text = agreement(id)(seen)?.textSha256; return text?.known === true ? text.value : 'unknown'; }, expected: [hashOf(`Text of ${name}\n`), hashOf('another text')] })),
  { of: 'agreement:eula', value: 'accepted by a person', wrong: (host) => host.put(`${KLMS}/autoinstall.conf`, 'EULA_AGREED=yes\n'), told: found('consent-by-answer-file', null, 'eula'), expected: FOUND },
  { of: 'agreement:eula', value: 'accepted, and which version', wrong: (host) => host.installed({ EULA_AGREED: 'no', EULA_AGREED_VER: null }), told: (seen) => agreement('eula')(seen)?.recorded, expected: [expect.objectContaining({ value: { accepted: true, version: '2023-06', byAnswerFile: false } }), expect.objectContaining({ value: { accepted: false, version: null, byAnswerFile: false } })] },
  { of: 'agreement:ksn-statement', value: 'as decided', effective: decided('declined'), wrong: (host) => host.installed({ KSN_AGREED: 'yes' }), told: found('agreement-record-disagrees', null, 'ksn-statement'), expected: FOUND },
  { of: 'agreement:ksn-statement', value: 'by the key of older versions', effective: decided('withdrawn'), wrong: (host) => host.installed({ KSN_AGREED: null, KSN_EULA_AGREED: '1' }), told: found('agreement-record-disagrees', null, 'ksn-statement'), expected: FOUND },
];
const TRANSMISSION: readonly Value[] = [
  { of: 'ksn', value: 'no further than consent covers', effective: decided('declined'), wrong: (host) => host.set({ ksnMode: 'basic' }), told: found('ksn-without-consent', null), expected: FOUND },
  { of: 'ksn', value: 'statistics only with both statements', effective: decided('granted').map((consent) => (consent.agreement === 'supplementary-ksn-statement' ? { ...consent, state: 'declined' as const } : consent)), wrong: (host) => host.set({ ksnMode: 'extended' }), told: found('ksn-without-consent', null), expected: FOUND },
  { of: 'ksn', value: 'kept inside', wrong: (host) => host.set({ ksnMode: 'kpsn' }), told: ({ observation }) => observation.ksn, expected: [expect.objectContaining({ value: 'off' }), expect.objectContaining({ value: 'private' })] },
  { of: 'ksn', value: 'by the key of older versions', wrong: (host) => host.set({ ksnMode: null, ksnParticipationActivated: 'yes' }), told: ({ observation }) => observation.ksn, expected: [expect.objectContaining({ value: 'off' }), expect.objectContaining({ value: 'basic' })] },
  ...([['ksn', 'basic'], ['ksn-statistics', 'extended']] as const).map(([id, mode]): Value => ({ of: `flow:${id}`, value: 'switched off', wrong: (host) => host.set({ ksnMode: mode }), told: ({ observation }) => observation.flows.find((flow) => flow.id === id)?.configured, expected: [expect.objectContaining({ value: false }), expect.objectContaining({ value: true })] })),
  { of: 'flow:licence-conditions', value: 'no setting tells, whatever is accepted', wrong: (host) => host.installed({ EULA_AGREED: 'no' }), told: ({ observation }) => observation.flows.find((flow) => flow.id === 'licence-conditions')?.configured.known, expected: [false, false] },
];

const expired = (of: string, status: string, kind: string, inDays: number, scanningStops: boolean): Value => ({
  of: `licence:${of}`,
  value: `told as ${status} of type ${kind}, ${inDays} days left`,
  wrong: (host) => host.set({ licenceStatus: status, licenceType: kind, licenceExpiresAt: new Date(Date.now() + inDays * DAY_MS).toISOString() }),
  told: ({ observation, findings }) => [observation.licence.known ? observation.licence.value.status : 'unknown', findings.some(({ code }) => code === 'licence-expired'), findings.some(({ code, message }) => code === 'licence-expired' && /Scanning stops|does not scan/.test(message))],
  expected: [['active', false, false], [of, true, scanningStops]],
});
const LICENCE: readonly Value[] = [
  expired('commercial-expired', 'commercial-expired', 'commercial', -1, false),
  expired('commercial-expired', 'active', 'commercial', -1, false),
  expired('trial-expired', 'expired', 'trial', -1, true),
  expired('trial-expired', 'active', 'trial', -1, true),
  expired('subscription-expired', 'expired', 'subscription', -1, false),
  expired('denylisted', 'denylisted', 'commercial', 100, true),
  expired('none', 'none', 'commercial', 100, true),
  { of: 'licence:active', value: 'its end is far', wrong: (host) => host.set({ licenceExpiresAt: new Date(Date.now() + 12 * DAY_MS).toISOString() }), told: found('licence-expires-soon', null), expected: FOUND },
  { of: 'licence:active', value: 'it is told', wrong: (host) => host.set({ licenceStatus: null }), told: ({ observation }) => observation.licence.known, expected: [true, false] },
];

const VALUES: readonly Value[] = [...ofFiles, ...ofPairs, ...ofLogs, ...OTHERS, ...TEMPORARY, ...DUMPS, ...KERNEL, ...AGREEMENTS, ...TRANSMISSION, ...LICENCE];

/** What a value shares settings with: of these, one is wrong at a time. */
const FAMILIES: readonly (readonly [RegExp, string])[] = [[/^licence:/, 'licence'], [/^ksn$|^flow:ksn/, 'ksn'], [/^flow:licence-conditions$/, 'agreement:eula']];
const familyOf = ({ of }: Value): string => FAMILIES.find(([pattern]) => pattern.test(of))?.[1] ?? of;
/** Wrong states of which none tells anything of another are laid out together, and seen by one scan. */
const ROUNDS = VALUES.reduce<Value[][]>((rounds, value) => {
  const fits = (round: readonly Value[]): boolean => value.apart !== true && !round.some((other) => other.apart === true || familyOf(other) === familyOf(value));
  const round = rounds.find(fits);
  return round === undefined ? [...rounds, [value]] : (round.push(value), rounds);
}, []);

let host: KlmsHost;
let base: Observation;
let baseDigest = '';

const scan = (): Promise<Observation> => measureHost({ root: host.root, profile, hostSettings: host.settings, server: SERVER, hashKey: null, bundleVersion: null, afterOrder: null, now: Date.now });
const seen = new Map<readonly Value[], Promise<Observation>>();
async function wrong(round: readonly Value[]): Promise<Observation> {
  await host.layOut();
  try {
    for (const value of round) if (value.needsRoot !== true || AS_ROOT) await value.wrong(host);
    return await scan();
  } finally {
    for (const [table] of Object.values(LOGS)) await host.sql.query(`ALTER TABLE IF EXISTS moved_${table} RENAME TO ${table}`);
  }
}
/** What a scan shows where this value is wrong, and the others of its round. */
function wrongOf(value: Value): Promise<Observation> {
  const round = ROUNDS.find((values) => values.includes(value)) ?? [value];
  const known = seen.get(round) ?? wrong(round);
  seen.set(round, known);
  return known;
}
function judged(observation: Observation, { bundle = null, effective = [] }: { bundle?: PolicyBundle | null; effective?: readonly EffectiveConsent[] } = {}): Seen {
  const bearing = { observation, profile, bundle, effective, now: instantOf(Date.now()) };
  const { rows } = buildStatement(bearing);
  return {
    observation,
    findings: assess(bearing),
    row: (store) => {
      const row = rows.find((candidate) => candidate.store === store);
      if (row === undefined) throw new Error(`no row ${store}`);
      return row;
    },
  };
}

beforeAll(async () => {
  host = await KlmsHost.start();
  await host.layOut();
  base = await scan();
  const digest = base.stores.find(({ id }) => id === 'configuration')?.contentDigest;
  baseDigest = digest?.known === true ? digest.value : '';
}, 120_000);
afterAll(() => host?.stop());

describe('a server in order', () => {
  it('has nothing that is wrong', () => {
    // Who reads the memory depends on what else runs on the machine of the test.
    const told = judged(base).findings.filter(({ severity, store }) => severity !== 'info' && store !== 'memory');
    expect(told.map(({ code, store, message }) => `${code} ${store}: ${message}`)).toEqual([]);
  });
});

describe('each value of the statement, right and wrong', () => {
  it.each(VALUES.map((value) => [value.of, `${value.value}${value.needsRoot === true && !AS_ROOT ? ' (the wrong state is skipped: it needs the super-user and setpriv)' : ''}`, value] as const))('%s: %s', async (_of, _what, value) => {
    const right = value.told(judged(base, value));
    expect(right).toEqual(value.expected[0]);
    if (value.needsRoot === true && !AS_ROOT) return;
    expect(value.told(judged(await wrongOf(value), value))).toEqual(value.expected[1]);
  }, 60_000);

  it.each([['swap', 'present'], ['ptrace-scope', '0'], ['suid-dumpable', '1']])('%s of the kernel at %s is told, and nothing where it is not so', (name, value) => {
    const at = (told: string): Observation => ({ ...base, settings: { ...base.settings, [name]: { known: true, value: told } } });
    const exposed = (observation: Observation) => judged(observation).findings.filter(({ code, message }) => code === 'memory-exposed' && message !== '').length;
    expect(exposed(at(value)) - exposed(at(name === 'swap' ? 'none' : '2'))).toBe(1);
  });
});

describe('the table above', () => {
  it('leaves out nothing that the profile has', () => {
    const covered = new Set(VALUES.map(({ of }) => of));
    const declared = [...profile.stores.map(({ id }) => `store:${id}`), ...Object.keys(profile.switches).map((name) => `switch:${name}`), ...profile.agreements.map(({ id }) => `agreement:${id}`), ...profile.flows.map(({ id }) => `flow:${id}`), ...profile.licence.states.map(({ id }) => `licence:${id}`), 'ksn', 'version'];
    expect(declared.filter((name) => !covered.has(name))).toEqual([]);
    expect([...covered].filter((name) => !declared.includes(name))).toEqual([]);
  });

  it('has every limit of every store: of the vendor, of the settings, of a policy', () => {
    const valuesOf = (store: string): string => VALUES.filter(({ of }) => of === `store:${store}`).map(({ value }) => value).join('; ');
    for (const { id, limits, configuredLimits, protection, rotatable, kind } of profile.stores) {
      if (limits.length > 0) expect(valuesOf(id)).toContain('the limit of the vendor');
      if (configuredLimits.length > 0) expect(valuesOf(id)).toContain("the limit of the product's settings");
      if (rotatable && kind !== 'dump' && kind !== 'temporary') expect(valuesOf(id)).toContain('a limit by policy');
      if (protection.accounts !== null && kind !== 'table') expect(valuesOf(id)).toContain('protection');
    }
  });
});
