import { SCAN_CPU_PERCENT_MIN, type Labels, type LimitKind, type MaintenanceWindow } from '@mailwarden/contracts';
import { canonicalJson, err, ok, parseByteCount, parseDuration, sha256, suggestionFor, type Result, type Sha256 } from '@mailwarden/kernel';
import { checkAgainst, problemAt, readStrictYamlDocuments, type DocumentPath, type Problem, type StrictDocument } from '@mailwarden/strict-yaml';
import { accessForm, holdForm, retentionForm, telemetryForm, transmissionForm, type RetentionForm, type HoldForm, type TelemetryForm, type TransmissionForm } from './policy-form.js';
import type { FlowReference, HoldPolicy, Policy, RetentionPolicy, Rollout, ServerSelector, TelemetryPolicy, TransmissionPolicy, Wave } from './policy.js';

/** No scan runs oftener, so that watching never becomes the load. Units: seconds. */
const SCAN_SECONDS_MIN = 1;
const SCAN_SECONDS_MAX = 86_400;
/** A wider prefix is no relay: nothing would ever be refused. */
const RELAY_PREFIX_BITS_MIN = { 4: 16, 6: 32 } as const;

/** Hash of what a policy says, whatever its layout and comments. */
export const policyVersion = (value: unknown): Sha256 => sha256(canonicalJson(value));

type Complaint = (path: DocumentPath, message: string) => void;

/** Reads quantities and collects what cannot be read, so that all mistakes are told at once. */
class Quantities {
  readonly problems: Problem[] = [];

  constructor(private readonly document: StrictDocument) {}

  bytes(value: string | number, path: DocumentPath): number {
    return this.#read(parseByteCount(typeof value === 'number' ? `${value} B` : value), path);
  }
  seconds(value: string, path: DocumentPath): number {
    return this.#read(parseDuration(value), path);
  }
  /** Errors: complains where it is shorter than `SCAN_SECONDS_MIN` or longer than a day. */
  secondsOfDay(form: TelemetryForm, key: 'scan-interval' | 'scan-window'): number | null {
    const written = form[key];
    if (written === undefined) return null;
    const seconds = this.seconds(written, [key]);
    if (seconds < SCAN_SECONDS_MIN || seconds > SCAN_SECONDS_MAX) this.complain([key], `a ${key.replace('-', ' ')} lies between 1 second and 1 day`);
    return seconds;
  }
  percent(value: string | number, path: DocumentPath, max = 100): number {
    const number = typeof value === 'number' ? value : Number.parseFloat(value);
    if (!(number >= 0 && number <= max)) this.complain(path, `a percentage lies between 0 and ${max}`);
    return number;
  }
  complain: Complaint = (path, message) => {
    this.problems.push(problemAt(this.document, path, message, 'mend this value'));
  };
  #read(parsed: Result<number, string>, path: DocumentPath): number {
    if (parsed.ok) return parsed.value;
    this.complain(path, parsed.error);
    return 0;
  }
}

const selectorFrom = (form: { servers: ServerSelector['labels']; except: ServerSelector['except'] }): ServerSelector => ({ labels: form.servers, except: form.except });
const storeFrom = (reference: string): { profile: string | null; store: string } => {
  const [profile = '*', store = ''] = reference.split('/');
  return { profile: profile === '*' ? null : profile, store };
};

function limitsFrom(form: RetentionForm['limits'], read: Quantities): RetentionPolicy['limits'] {
  const limits: { kind: LimitKind; value: number; written: string }[] = [];
  if (form.bytes !== undefined) limits.push({ kind: 'bytes', value: read.bytes(form.bytes, ['limits', 'bytes']), written: typeof form.bytes === 'number' ? `${form.bytes} B` : form.bytes });
  if (form.records !== undefined) limits.push({ kind: 'records', value: form.records, written: `${form.records} records` });
  if (form.age !== undefined) limits.push({ kind: 'age', value: read.seconds(form.age, ['limits', 'age']), written: form.age });
  if (form.inodes !== undefined) limits.push({ kind: 'inodes', value: form.inodes, written: `${form.inodes} inodes` });
  if (form['free-space'] !== undefined) limits.push({ kind: 'free-space', value: read.percent(form['free-space'], ['limits', 'free-space']), written: typeof form['free-space'] === 'number' ? `${form['free-space']} %` : form['free-space'] });
  if (limits.length === 0) read.complain(['limits'], 'a retention policy limits at least one of bytes, records, age, inodes and free-space');
  return limits;
}

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const MINUTES_PER_HOUR = 60;

/** Numbers of the days that `mon` or `fri-mon` names: 1 is Monday. */
function daysFrom(written: string): number[] {
  const [first = '', last = first] = written.split('-');
  const [from, to] = [DAYS.indexOf(first), DAYS.indexOf(last)];
  const length = ((to - from + DAYS.length) % DAYS.length) + 1;
  return Array.from({ length }, (_, index) => ((from + index) % DAYS.length) + 1);
}

const minuteFrom = (written: string): number => {
  const [hours = '0', minutes = '0'] = written.split(':');
  return Number(hours) * MINUTES_PER_HOUR + Number(minutes);
};

/** The names that this build of the language's own calendar knows are those of the IANA database. */
function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

function windowFrom(form: RetentionForm['window'], read: Quantities): MaintenanceWindow | null {
  if (form === undefined) return null;
  if (!isTimezone(form.timezone)) read.complain(['window', 'timezone'], `"${form.timezone}" is no time zone; name one as Europe/Berlin`);
  if (form.from === form.to) read.complain(['window', 'to'], 'a window that ends when it begins has no length');
  return { days: [...new Set(form.days.flatMap(daysFrom))].sort((a, b) => a - b), fromMinute: Math.min(minuteFrom(form.from), 1439), toMinute: minuteFrom(form.to), timezone: form.timezone };
}

const waveFrom = (form: string | number | Labels, path: DocumentPath, read: Quantities): Wave => (typeof form === 'object' ? { kind: 'labels', labels: form } : { kind: 'share', percent: read.percent(form, path) });

function rolloutFrom(form: RetentionForm['rollout'], read: Quantities): Rollout | null {
  if (form === undefined) return null;
  const stop = form['stop-on'];
  const waves = form.waves.map((wave, index) => waveFrom(wave, ['rollout', 'waves', index], read));
  const shares = waves.flatMap((wave) => (wave.kind === 'share' ? [wave.percent] : []));
  if (shares.some((percent, index) => index > 0 && percent <= (shares[index - 1] ?? 0))) read.complain(['rollout', 'waves'], 'each share of the servers is larger than the one before it');
  return {
    waves,
    soakSeconds: read.seconds(form.soak, ['rollout', 'soak']),
    atOnce: form['at-once'] ?? null,
    stopOn: { failures: stop.failures, skippedPercent: read.percent(stop.skipped, ['rollout', 'stop-on', 'skipped']), deletedPercent: read.percent(stop.deleted, ['rollout', 'stop-on', 'deleted'], 9_999), slowerTimes: stop.slower },
  };
}

function paceFrom(form: RetentionForm['pace'], read: Quantities): RetentionPolicy['pace'] {
  return { itemsPerSecond: form?.items ?? null, bytesPerSecond: form?.bytes === undefined ? null : read.bytes(form.bytes, ['pace', 'bytes']) };
}

function retentionFrom(form: RetentionForm, version: Sha256, read: Quantities): RetentionPolicy {
  if (form.stores.length === 0 && form.categories.length === 0) read.complain(['stores'], 'a retention policy names stores or data categories');
  return {
    kind: 'retention',
    name: form.name,
    version,
    reason: form.reason,
    servers: selectorFrom(form),
    stores: form.stores.map(storeFrom),
    categories: form.categories,
    mode: form.mode,
    limits: limitsFrom(form.limits, read),
    targetPercent: read.percent(form.target, ['target']),
    clock: form.clock,
    keep: { newest: form.keep.newest, youngerThanSeconds: read.seconds(form.keep['younger-than'], ['keep', 'younger-than']) },
    bounds: {
      items: form.bounds.items,
      bytes: read.bytes(form.bounds.bytes, ['bounds', 'bytes']),
      percent: read.percent(form.bounds.percent, ['bounds', 'percent']),
      deadlineSeconds: read.seconds(form.bounds.deadline, ['bounds', 'deadline']),
      ...(form.bounds.per === undefined ? {} : { perSeconds: read.seconds(form.bounds.per, ['bounds', 'per']) }),
    },
    exclude: form.exclude,
    window: windowFrom(form.window, read),
    graceSeconds: form.grace === undefined ? 0 : read.seconds(form.grace, ['grace']),
    approvals: form.approvals,
    rollout: rolloutFrom(form.rollout, read),
    pace: paceFrom(form.pace, read),
    overwrite: form.overwrite,
    orphans: form.orphans,
    offline: form.offline,
  };
}

function holdFrom(form: HoldForm, version: Sha256): HoldPolicy {
  return { kind: 'hold', name: form.name, version, reason: form.reason, servers: selectorFrom(form), stores: form.stores.filter((store) => store !== '*').map(storeFrom), everyStore: form.stores.includes('*'), from: form.from, until: form.until, messages: form.messages, askedBy: form['asked-by'] ?? null, expires: form.expires };
}

function telemetryFrom(form: TelemetryForm, version: Sha256, read: Quantities): TelemetryPolicy {
  const policy: TelemetryPolicy = {
    kind: 'telemetry',
    name: form.name,
    version,
    reason: form.reason,
    servers: selectorFrom(form),
    scanIntervalSeconds: read.secondsOfDay(form, 'scan-interval'),
    scanCpuPercent: form['scan-cpu'] === undefined ? null : read.percent(form['scan-cpu'], ['scan-cpu']),
    scanWindowSeconds: read.secondsOfDay(form, 'scan-window'),
  };
  if (policy.scanIntervalSeconds === null && policy.scanCpuPercent === null && policy.scanWindowSeconds === null) read.complain(['kind'], 'a telemetry policy says at least one of scan-interval, scan-cpu and scan-window');
  if (policy.scanCpuPercent !== null && policy.scanCpuPercent < SCAN_CPU_PERCENT_MIN) read.complain(['scan-cpu'], `a scan needs at least ${SCAN_CPU_PERCENT_MIN} % of one core, or it would never end`);
  return policy;
}

const flowFrom = (reference: string): FlowReference => {
  const { profile, store } = storeFrom(reference);
  return { profile, flow: store };
};

/** True for a prefix that is a good part of the Internet: what is let through there is everything. */
const isTooWide = (relay: string): boolean => {
  const [, bits] = relay.split('/');
  return bits !== undefined && Number(bits) < RELAY_PREFIX_BITS_MIN[relay.includes(':') ? 6 : 4];
};

function transmissionFrom(form: TransmissionForm, version: Sha256, read: Quantities): TransmissionPolicy {
  form.relays.forEach((relay, index) => {
    if (isTooWide(relay)) read.complain(['relays', index], `"${relay}" is wider than ${RELAY_PREFIX_BITS_MIN[4]} bits (IPv6: ${RELAY_PREFIX_BITS_MIN[6]}), so nearly nothing would ever be refused`);
  });
  if (form.lift !== undefined && form.mode !== 'enforce') read.complain(['lift'], 'a policy that refuses nothing has nothing to lift');
  return {
    kind: 'transmission',
    name: form.name,
    version,
    reason: form.reason,
    servers: selectorFrom(form),
    flows: form.flows.includes('*') ? [] : form.flows.map(flowFrom),
    mode: form.mode,
    failClosed: form['fail-closed'],
    endpoints: form.endpoints.map(({ flow, host, ports }) => ({ flow: flowFrom(flow), host, ports })),
    everything: form.everything,
    relays: form.relays,
    liftedUntil: form.lift?.until ?? null,
  };
}

const FORMS = { retention: retentionForm, hold: holdForm, access: accessForm, transmission: transmissionForm, telemetry: telemetryForm } as const;

function policyFrom(document: StrictDocument): Result<Policy, Problem[]> {
  const kind = (document.value as { kind?: unknown } | null)?.kind;
  const version = policyVersion(document.value);
  const read = new Quantities(document);
  const checked = <P extends Policy>(policy: P): Result<P, Problem[]> => (read.problems.length > 0 ? err(read.problems) : ok(policy));
  switch (kind) {
    case 'retention': {
      const form = checkAgainst(retentionForm, document);
      return form.ok ? checked(retentionFrom(form.value, version, read)) : form;
    }
    case 'hold': {
      const form = checkAgainst(holdForm, document);
      return form.ok ? checked(holdFrom(form.value, version)) : form;
    }
    case 'access': {
      const form = checkAgainst(accessForm, document);
      if (!form.ok) return form;
      const { name, reason, stores, accounts, groups, mode } = form.value;
      return checked({ kind, name, version, reason, servers: selectorFrom(form.value), stores: stores.map(storeFrom), accounts, groups, mode });
    }
    case 'transmission': {
      const form = checkAgainst(transmissionForm, document);
      return form.ok ? checked(transmissionFrom(form.value, version, read)) : form;
    }
    case 'telemetry': {
      const form = checkAgainst(telemetryForm, document);
      if (!form.ok) return form;
      return checked(telemetryFrom(form.value, version, read));
    }
    default: {
      const meant = suggestionFor(String(kind), Object.keys(FORMS));
      return err([problemAt(document, ['kind'], `"${String(kind).slice(0, 40)}" is no kind of policy`, meant === undefined ? `kinds: ${Object.keys(FORMS).join(', ')}` : `did you mean "${meant}"?`)]);
    }
  }
}

/** Reads a policy file of one document or more. Errors: every mistake of every document, with line, path and what to do. */
export function parsePolicies(text: string): Result<Policy[], Problem[]> {
  const documents = readStrictYamlDocuments(text);
  if (!documents.ok) return documents;
  const read = documents.value.map((document) => ({ document, policy: policyFrom(document) }));
  const problems = read.flatMap(({ policy }) => (policy.ok ? [] : policy.error));
  const names = new Set<string>();
  for (const { document, policy } of read) {
    if (!policy.ok) continue;
    if (names.has(policy.value.name)) problems.push(problemAt(document, ['name'], `"${policy.value.name}" is the name of two policies`, 'give one of them another name'));
    names.add(policy.value.name);
  }
  return problems.length > 0 ? err(problems) : ok(read.flatMap(({ policy }) => (policy.ok ? [policy.value] : [])));
}
