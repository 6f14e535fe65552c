import { DATA_CATEGORIES, isDataCategory, type Store } from '@mailwarden/catalogue';
import { desiredKsn, type EffectiveConsent } from '@mailwarden/consent';
import type { AssessedFinding, DisplayState, Statement, StatementRow, StoreObservation } from '@mailwarden/contracts';
import { epochMsOf, formatByteCount, known, unknown, type Measured } from '@mailwarden/kernel';
import { assess, type Bearing } from './assess.js';
import { forecastFor } from './judge-forecast.js';
import { rulesOf, statedLimits } from './stated-limits.js';

const DURATION_WORDS = { indefinite: 'Indefinite', 'until-restart': 'Until program restart', 'not-stated': 'Not stated by the vendor' } as const;
/** Settings that a row of its own kind shows, with their labels. */
const FACTS: Readonly<Record<string, readonly (readonly [setting: string, label: string])[]>> = {
  log: [['trace-level', 'trace level'], ['trace-destination', 'trace goes to']],
  dump: [['dumps', 'dump switch'], ['core-pattern', 'kernel core pattern'], ['core-destination', 'dumps go to'], ['core-limit', 'core limit of the service'], ['core-possible', 'dump possible']],
  memory: [['swap', 'swap'], ['ptrace-scope', 'ptrace scope'], ['suid-dumpable', 'suid dumpable'], ['memory-readers', 'accounts that can read it'], ['in-swap', 'in swap now']],
};
/** Kinds for which a vendor's silence about the end of what is kept says something. */
const KEEPS_LETTERS: ReadonlySet<string> = new Set(['files', 'log', 'records', 'table', 'pair']);
const NOT_SCANNED: Measured<never> = unknown('the scan did not reach this store');

const ABSENT: Omit<StoreObservation, 'id' | 'kind'> = {
  present: false,
  items: NOT_SCANNED,
  bytesApparent: NOT_SCANNED,
  bytesAllocated: NOT_SCANNED,
  oldestAt: NOT_SCANNED,
  newestAt: NOT_SCANNED,
  configuredLimits: [],
  access: { accounts: [], breaches: [] },
  skipped: [],
  unknown: [],
};

function durationOf({ duration }: Store): StatementRow['duration'] {
  if (duration.kind === 'not-stated') return { text: DURATION_WORDS['not-stated'], source: null };
  return { text: duration.kind === 'age' ? duration.written : DURATION_WORDS[duration.kind], source: duration.source };
}

/** Settings that the profile itself puts into a row. */
const ownSettings = (profile: Bearing['profile'], store: Store): (readonly [setting: string, label: string])[] =>
  Object.entries(profile.switches).filter(([, setting]) => setting.store === store.id).map(([name]) => [name, name.replaceAll('-', ' ')]);

function factsOf(store: Store, observed: StoreObservation, { observation, profile }: Bearing): StatementRow['measured']['facts'] {
  const settings = [...(FACTS[store.kind] ?? []).filter(([name]) => name in observation.settings), ...ownSettings(profile, store)].map(([name, label]) => {
    const value = observation.settings[name];
    return { label, value: value === undefined ? unknown('it was not read') : value.known ? known(name === 'in-swap' ? formatByteCount(Number(value.value)) : String(value.value), value.source) : value };
  });
  const digest = observed.contentDigest;
  return digest === undefined ? settings : [...settings, { label: 'hash of all files', value: digest }];
}

/** "No vendor limit" and "unknown" are states of their own, never good ones. */
function stateOf(store: Store, observed: StoreObservation, findings: readonly AssessedFinding[], limited: boolean): { state: DisplayState; because: string } {
  if (findings.some(({ code }) => code === 'product-absent')) return { state: 'unknown', because: 'nothing of the product was found on this server' };
  const own = findings.filter((finding) => finding.store === store.id);
  const worst = own.find((finding) => finding.severity !== 'info');
  if (worst !== undefined) return { state: 'finding', because: worst.message };
  if (store.kind !== 'memory' && observed.present && !observed.items.known) return { state: 'unknown', because: observed.items.reason };
  if (!observed.present && observed.unknown.length > 0) return { state: 'unknown', because: observed.unknown[0]?.why ?? '' };
  if (limited) return { state: 'in-order', because: observed.present ? 'under every limit that counts' : 'nothing of it exists on this server' };
  if (store.duration.kind === 'indefinite') return { state: 'not-limited', because: 'the vendor states no limit, and no policy sets one' };
  if (store.duration.kind === 'not-stated' && observed.present && KEEPS_LETTERS.has(store.kind)) return { state: 'not-limited', because: 'the vendor states neither a duration nor a limit, and no policy sets one' };
  return { state: 'in-order', because: own[0]?.message ?? (observed.present ? 'as the profile says' : 'nothing of it exists on this server') };
}

function rowOf(store: Store, bearing: Bearing, findings: readonly AssessedFinding[]): StatementRow {
  const { observation, profile, bundle, trends } = bearing;
  const observed = observation.stores.find(({ id }) => id === store.id) ?? { id: store.id, kind: store.kind, ...ABSENT };
  const limits = statedLimits(store, observed, rulesOf(bundle, profile, store));
  const forecast = forecastFor(limits, trends?.[store.id]);
  const { items, bytesApparent, bytesAllocated, oldestAt, newestAt, present, records, leftovers, orphans, ages, sizes, growth, openDeleted, inSystemLog, rotationRules } = observed;
  return {
    store: store.id,
    section: store.section,
    kind: store.kind,
    directories: store.statedDirectories === null ? null : [...store.statedDirectories],
    dataCategories: store.dataCategories?.map((id) => ({ id, title: isDataCategory(id) ? DATA_CATEGORIES[id].title : id })) ?? null,
    duration: durationOf(store),
    limits,
    protection: { accounts: store.protection.accounts === null ? null : [...store.protection.accounts], ...(store.protection.groups.length === 0 ? {} : { groups: [...store.protection.groups] }), source: store.protection.source },
    measured: {
      present,
      items,
      bytesApparent,
      bytesAllocated,
      oldestAt,
      newestAt,
      ...(records === undefined ? {} : { records }),
      ...(leftovers === undefined ? {} : { leftovers }),
      ...(orphans === undefined ? {} : { orphans }),
      ...(ages === undefined ? {} : { ages }),
      ...(sizes === undefined ? {} : { sizes }),
      ...(growth === undefined ? {} : { growth }),
      ...(openDeleted === undefined ? {} : { openDeleted }),
      ...(inSystemLog === undefined ? {} : { inSystemLog }),
      ...(rotationRules === undefined ? {} : { rotationRules }),
      ...(forecast === undefined ? {} : { forecast }),
      facts: factsOf(store, observed, bearing),
    },
    access: observed.access,
    ...stateOf(store, observed, findings, limits.length > 0),
    unknown: observed.unknown,
    notes: store.notes.map((note) => note.text),
    next: findings.find((finding) => finding.store === store.id && finding.severity !== 'info')?.advice ?? null,
  };
}

function agreementRows({ profile, observation, effective }: Bearing): Statement['agreements'] {
  return profile.agreements.map(({ id, title, gates }) => {
    const observed = observation.agreements.find((agreement) => agreement.id === id);
    const consent: EffectiveConsent | undefined = effective.find((item) => item.agreement === id);
    return { id, title, gates: [...gates], state: consent?.state ?? null, because: consent?.because ?? 'no decisions are at hand here', textSha256: observed?.textSha256 ?? NOT_SCANNED, recorded: observed?.recorded ?? NOT_SCANNED };
  });
}

function flowRows({ profile, observation, effective }: Bearing): Statement['flows'] {
  const granted = new Set(effective.filter((consent) => consent.state === 'granted').map((consent) => consent.agreement));
  return profile.flows.map(({ id, title, recipient, requires }) => {
    const observed = observation.flows.find((flow) => flow.id === id);
    const filtered = observation.egress?.known === true ? observation.egress.value.flows.find((flow) => flow.id === id) : undefined;
    return { id, title, recipient, requires: [...requires], permitted: effective.length === 0 ? null : requires.every((agreement) => granted.has(agreement)), configured: observed?.configured ?? NOT_SCANNED, possible: observed?.possible ?? NOT_SCANNED, observed: observed?.observed ?? NOT_SCANNED, ...(filtered === undefined ? {} : { filter: { effect: filtered.effect, enforced: filtered.enforced, because: filtered.because, refusedPackets: filtered.refusedPackets } }) };
  });
}

/** The data-provision statement of one server, row by row like the vendor's table, with what is really there. */
export function buildStatement(bearing: Bearing & { readonly findings?: readonly AssessedFinding[] }): Statement {
  const { observation, profile, effective, now } = bearing;
  const findings = bearing.findings ?? assess(bearing);
  return {
    server: observation.server,
    profile: profile.id,
    product: observation.product,
    observedAt: observation.startedAt,
    ageSeconds: Math.max(0, Math.round((epochMsOf(now) - epochMsOf(observation.startedAt)) / 1000)),
    ...(observation.effort === undefined ? {} : { effort: observation.effort }),
    ...(observation.undeclared === undefined ? {} : { undeclared: observation.undeclared }),
    rows: profile.stores.map((store) => rowOf(store, bearing, findings)),
    ksn: { desired: desiredKsn(effective), actual: observation.ksn },
    agreements: agreementRows(bearing),
    flows: flowRows(bearing),
    licence: { state: observation.licence, states: profile.licence.states.map(({ id, title, consequence }) => ({ id, title, consequence })) },
  };
}
