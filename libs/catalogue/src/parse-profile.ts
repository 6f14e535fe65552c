import { parseByteCount, parseDuration, err, ok, type Result } from '@mailwarden/kernel';
import { checkAgainst, problemAt, readStrictYaml, type Problem } from '@mailwarden/strict-yaml';
import { lintProfile } from './lint/lint-profile.js';
import { profileForm, type DatabaseForm, type LimitForm, type ProfileForm, type RotateActiveForm, type StoreForm } from './profile-form.js';
import type { ProbeForm, ReadingForm } from './reading-form.js';
import { toolFrom } from './tool-from.js';
import type { Database, DocumentedLimit, Probe, Profile, Reading, RecordLists, Relation, RotateActive, StorageDuration, Store } from './profile.js';

/** Reads a number that was written with a unit; the lint has refused what cannot be read. */
const exact = <E>(parsed: Result<number, E>): number => (parsed.ok ? parsed.value : 0);

type Databases = Readonly<Record<string, Database>>;

function probeFrom(form: ProbeForm, databases: Databases): Probe {
  if ('file-key' in form) return { kind: 'file-key', ...form['file-key'] };
  if ('file-hash' in form) return { kind: 'file-hash', file: form['file-hash'] };
  if ('file-exists' in form) return { kind: 'file-exists', file: form['file-exists'] };
  if ('command' in form) return { kind: 'command', command: form.command, account: form.account ?? null, parser: form.parser, key: form.key, timeoutSeconds: exact(parseDuration(form.timeout)) };
  if ('sql' in form) return { kind: 'sql', database: databaseOf(databases, form.sql.database), query: form.sql.query };
  if ('process' in form) return { kind: 'process', by: 'unit' in form.process ? { unit: form.process.unit } : { pidFile: form.process['pid-file'] }, value: form.process.value };
  if ('package' in form) return { kind: 'package', name: form.package };
  return { kind: 'sysctl', name: form.sysctl };
}

const databaseOf = (databases: Databases, name: string): Database => databases[name] ?? { engine: 'postgresql', socket: '', name, user: '' };

function databaseFrom(name: string, form: DatabaseForm): Database {
  switch (form.engine) {
    case 'sqlite':
      return { engine: form.engine, name, file: form.file };
    case 'redis':
      return { engine: form.engine, name, socket: form.socket ?? null, port: form.port ?? null, index: form.index };
    default:
      return { engine: form.engine, name, socket: form.socket, user: form.user };
  }
}

const readingFrom = (form: ReadingForm, databases: Databases): Reading => ({
  probes: form.from.map((probe) => probeFrom(probe, databases)),
  values: form.values ?? null,
  after: form.after ?? null,
  until: form.until ?? null,
  factor: form.factor ?? 1,
  source: form.source ?? null,
});

function limitFrom(form: LimitForm): DocumentedLimit {
  const { effect, source } = form;
  if (form.bytes !== undefined) return { kind: 'bytes', value: exact(parseByteCount(String(form.bytes))), written: String(form.bytes), effect, source };
  if (form.age !== undefined) return { kind: 'age', value: exact(parseDuration(form.age)), written: form.age, effect, source };
  return { kind: 'records', value: form.records ?? 0, written: `${form.records ?? 0} records`, effect, source };
}

function durationFrom(form: StoreForm['duration']): StorageDuration {
  if (form === 'not-stated') return { kind: 'not-stated' };
  if ('state' in form) return { kind: form.state, source: form.source };
  return { kind: 'age', seconds: exact(parseDuration(form.age)), written: form.age, source: form.source };
}

function relationFrom(form: StoreForm['rows'], databases: Databases): Relation | null {
  if (form === undefined) return null;
  const database = databaseOf(databases, form.database);
  if (database.engine === 'redis') return null; // The lint has refused it.
  return { database, relation: form.relation, keyColumn: form['key-column'], timeColumn: form['time-column'], timeUnit: form['time-unit'], fileColumn: form['file-column'] ?? null };
}

function listsFrom(form: StoreForm['lists'], databases: Databases): RecordLists | null {
  const database = form === undefined ? undefined : databaseOf(databases, form.database);
  return form === undefined || database?.engine !== 'redis' ? null : { database, keys: form.keys, encoding: form.encoding, timeField: form['time-field'] ?? null };
}

function rotateActiveFrom(form: RotateActiveForm): RotateActive {
  switch (form.by) {
    case 'reopen-signal':
      return { by: form.by, signal: form.signal, process: 'unit' in form.process ? { unit: form.process.unit } : { pidFile: form.process['pid-file'] }, source: form.source };
    case 'reopen-command':
      return { by: form.by, command: form.command, timeoutSeconds: exact(parseDuration(form.timeout)), source: form.source };
    case 'copy-truncate':
      return form;
  }
}

function storeFrom(form: StoreForm, databases: Databases): Store {
  return {
    id: form.id,
    section: form.section,
    kind: form.kind,
    source: form.source,
    statedDirectories: form.directories,
    files: form.files,
    exclude: form.exclude,
    active: form.active,
    rotateActive: form['rotate-active'] === undefined ? null : rotateActiveFrom(form['rotate-active']),
    units: form.units,
    tool: form.tool === undefined ? null : toolFrom(form.tool),
    messages: form.messages,
    rows: relationFrom(form.rows, databases),
    lists: listsFrom(form.lists, databases),
    systemLog: form['system-log'] === undefined ? null : { programs: form['system-log'].programs, when: form['system-log'].when ?? null },
    lineRecords: form['line-records'],
    dataCategories: form['data-categories'],
    duration: durationFrom(form.duration),
    limits: form.limits.map(limitFrom),
    configuredLimits: form['configured-limits'].map(({ kind, read }) => ({ kind, reading: readingFrom(read, databases) })),
    protection: form.protection,
    clock: form.clock,
    rotatable: form.rotatable,
    quietPeriodSeconds: exact(parseDuration(form['quiet-period'])),
    notes: form.notes,
  };
}

function profileFrom(form: ProfileForm): Profile {
  const databases: Databases = Object.fromEntries(Object.entries(form.databases).map(([name, database]) => [name, databaseFrom(name, database)]));
  const reading = (read: ReadingForm | undefined): Reading | null => (read === undefined ? null : readingFrom(read, databases));
  return {
    id: form.id,
    product: form.product,
    version: reading(form.version),
    sources: form.sources,
    accounts: { service: form.accounts.service, others: form.accounts.others, groups: form.accounts.groups, source: form.accounts.source ?? null },
    services: form.services,
    serviceStart: reading(form['service-start']),
    variables: Object.fromEntries(Object.entries(form.variables).map(([name, variable]) => [name, { reading: reading(variable.read), default: variable.default }])),
    stores: form.stores.map((store) => storeFrom(store, databases)),
    switches: Object.fromEntries(Object.entries(form.switches).map(([name, item]) => [name, { reading: readingFrom(item.read, databases), default: item.default, source: item.source, ...(item.store === undefined ? {} : { store: item.store }) }])),
    ksn: form.ksn === undefined ? null : { reading: readingFrom(form.ksn.read, databases), states: form.ksn.states },
    agreements: form.agreements.map(({ id, title, gates, source, ...read }) => ({ id, title, gates: gates.map((gate) => gate.text), source, text: reading(read.text), accepted: reading(read.accepted), acceptedVersion: reading(read['accepted-version']), answerFile: reading(read['answer-file']) })),
    flows: form.flows.map(({ 'data-categories': dataCategories, enabled, ...flow }) => ({ ...flow, dataCategories, enabled: reading(enabled) })),
    licence: {
      status: reading(form.licence?.status),
      kind: reading(form.licence?.kind),
      expiresAt: reading(form.licence?.['expires-at']),
      states: (form.licence?.states ?? []).map(({ 'stops-database-updates': stopsDatabaseUpdates, 'stops-scanning': stopsScanning, ...state }) => ({ ...state, stopsDatabaseUpdates, stopsScanning })),
    },
  };
}

/** Reads a profile file. Errors: every mistake with line, path and what to do; nothing of a file with mistakes is used. */
export function parseProfile(text: string): Result<Profile, Problem[]> {
  const document = readStrictYaml(text);
  if (!document.ok) return document;
  const form = checkAgainst(profileForm, document.value);
  if (!form.ok) return form;
  const mistakes = lintProfile(form.value);
  return mistakes.length > 0 ? err(mistakes.map(({ path, message, advice }) => problemAt(document.value, path, message, advice))) : ok(profileFrom(form.value));
}
