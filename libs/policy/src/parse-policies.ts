import { SCAN_CPU_PERCENT_MIN, type LimitKind } from '@mailwarden/contracts';
import { canonicalJson, err, ok, parseByteCount, parseDuration, sha256, suggestionFor, type Result, type Sha256 } from '@mailwarden/kernel';
import { checkAgainst, problemAt, readStrictYamlDocuments, type DocumentPath, type Problem, type StrictDocument } from '@mailwarden/strict-yaml';
import { holdForm, retentionForm, telemetryForm, transmissionForm, type RetentionForm, type TelemetryForm } from './policy-form.js';
import type { Policy, RetentionPolicy, ServerSelector, TelemetryPolicy } from './policy.js';

/** No scan runs oftener, so that watching never becomes the load. Units: seconds. */
const SCAN_SECONDS_MIN = 1;
const SCAN_SECONDS_MAX = 86_400;

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
  percent(value: string | number, path: DocumentPath): number {
    const number = typeof value === 'number' ? value : Number.parseFloat(value);
    if (!(number >= 0 && number <= 100)) this.complain(path, 'a percentage lies between 0 and 100');
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
  if (limits.length === 0) read.complain(['limits'], 'a retention policy limits at least one of bytes, records and age');
  return limits;
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
    },
  };
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

const FORMS = { retention: retentionForm, hold: holdForm, transmission: transmissionForm, telemetry: telemetryForm } as const;

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
      return form.ok ? checked({ kind, name: form.value.name, version, reason: form.value.reason, servers: selectorFrom(form.value), stores: form.value.stores.map(storeFrom), from: form.value.from, until: form.value.until }) : form;
    }
    case 'transmission': {
      const form = checkAgainst(transmissionForm, document);
      return form.ok ? checked({ kind, name: form.value.name, version, reason: form.value.reason, servers: selectorFrom(form.value), failClosed: form.value['fail-closed'] }) : form;
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
