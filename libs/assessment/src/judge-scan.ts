import { isWithin as isVersionWithin, type Profile, type Store } from '@mailwarden/catalogue';
import type { AssessedFinding, LimitKind, Observation, StatedLimit, StoreObservation } from '@mailwarden/contracts';
import { epochMsOf, formatByteCount } from '@mailwarden/kernel';

/** So long a change of settings is told. Units: milliseconds. */
const CHANGE_TOLD_MS = 86_400_000;

/** Pages of the vendor that contradict each other, where nothing on the server decides. */
export function contradictions(store: Store, limits: readonly StatedLimit[]): AssessedFinding[] {
  const kinds = [...new Set(limits.map(({ kind }) => kind))];
  const ofKind = (kind: LimitKind): readonly StatedLimit[] => limits.filter((limit) => limit.kind === kind);
  return kinds
    .filter((kind) => ofKind(kind).every(({ origin }) => origin === 'documented') && new Set(ofKind(kind).map(({ value }) => value)).size > 1)
    .map((kind) => ({
      code: 'limits-disagree',
      severity: 'info',
      store: store.id,
      subject: kind,
      message: `the vendor's pages state ${ofKind(kind).map(({ written, source }) => `${written} (${source})`).join(' and ')} for ${store.section}`.slice(0, 500),
      advice: 'set the limit in the product, or by a policy',
      source: ofKind(kind)[0]?.source ?? 'the profile',
    }));
}

/** Files that are gone by name only. */
export function heldOpen(store: Store, { openDeleted }: StoreObservation): AssessedFinding[] {
  if (openDeleted?.known !== true || openDeleted.value.items === 0) return [];
  const { items, bytes } = openDeleted.value;
  return [{ code: 'deleted-but-open', severity: 'low', store: store.id, subject: '', message: `${items} deleted files of ${store.section} are still open and hold ${formatByteCount(bytes)}`, advice: 'have the product reopen its files, or restart it', source: 'proc_pid_fd(5)' }];
}

/** Settings that changed lately. */
export function changedConfiguration(store: Store, { contentChangedAt }: StoreObservation, nowMs: number): AssessedFinding[] {
  if (contentChangedAt?.known !== true || nowMs - epochMsOf(contentChangedAt.value) > CHANGE_TOLD_MS) return [];
  return [{ code: 'configuration-changed', severity: 'info', store: store.id, subject: '', message: `files of ${store.section} changed; first seen ${contentChangedAt.value}`, advice: 'see that the change was yours', source: 'the hash over names and contents' }];
}

/** A version that the profile was not written for. */
export function foreignVersion({ product }: Profile, { product: { version } }: Observation): AssessedFinding[] {
  if (!version.known || isVersionWithin(version.value, product.versions) !== false) return [];
  return [{ code: 'version-outside-profile', severity: 'medium', store: null, subject: '', message: `version ${version.value} of ${product.name} is installed; the profile is for ${product.versions}`.slice(0, 500), advice: 'use a profile for this version; until then, read the rows with care', source: version.source?.slice(0, 200) ?? 'this scan' }];
}

/** A scan that ended before it had seen everything. */
export function unfinishedScan({ effort }: Observation): AssessedFinding[] {
  if (effort === undefined || effort.complete) return [];
  return [{ code: 'scan-unfinished', severity: 'low', store: null, subject: '', message: `the scan ended after ${effort.entries} entries, before it had seen everything; the next one goes on there`, advice: 'give scans a larger window or budget, or make them rarer', source: 'this scan' }];
}
