import type { AssessedFinding, FindingCode, Observation, StoreObservation } from '@mailwarden/contracts';
import type { Measured } from '@mailwarden/kernel';

/** Whether a scan could tell nothing about a kind of finding on a store. */
export type Undetermined = (finding: Pick<AssessedFinding, 'code' | 'store'>) => boolean;

const isUnknown = (measured: Measured<unknown> | undefined): boolean => measured?.known === false;
const when = (unknown: boolean, ...codes: FindingCode[]): FindingCode[] => (unknown ? codes : []);

/** A part that could not be looked at may hold anything. */
const OF_ALL_ENTRIES: readonly FindingCode[] = ['over-limit', 'over-age', 'access-too-wide', 'parent-folder-open', 'leftover-files', 'orphaned-halves', 'dump-present', 'rotation-absent'];

/** Rules that could not be read may be those that rotate it; a record that could not be read may tell of a job that does not run. */
function ofRotation({ rotationRules, inSystemLog, unknown, bytesAllocated, records, items }: StoreObservation): FindingCode[] {
  const unread = rotationRules === undefined || unknown.some(({ what }) => what === 'rules that rotate it');
  return [
    ...when(unread || [bytesAllocated, records, items].some(isUnknown), 'rotation-absent'),
    ...when(unread || rotationRules?.some(({ everySeconds, lastRanAt }) => everySeconds !== null && !lastRanAt.known) === true, 'rotation-late'),
    ...when(isUnknown(inSystemLog) || unknown.some(({ what }) => what === 'part of the system log'), 'log-elsewhere'),
  ];
}

function ofStore(store: StoreObservation): FindingCode[] {
  const blind = store.unknown.some(({ what }) => what === 'part of the store');
  return [
    ...(blind ? OF_ALL_ENTRIES : []),
    ...when(isUnknown(store.bytesAllocated) || isUnknown(store.records) || isUnknown(store.items), 'over-limit'),
    ...when(isUnknown(store.oldestAt), 'over-age'),
    ...when(isUnknown(store.items), 'dump-present'),
    ...when(isUnknown(store.leftovers), 'leftover-files'),
    ...when(isUnknown(store.orphans), 'orphaned-halves'),
    ...when(isUnknown(store.openDeleted), 'deleted-but-open'),
    ...when(isUnknown(store.contentChangedAt), 'configuration-changed'),
    ...ofRotation(store),
  ];
}

function ofHost({ settings, ksn, agreements, licence, undeclared }: Observation): FindingCode[] {
  const unread = (setting: string): boolean => isUnknown(settings[setting]);
  return [
    ...when(unread('dumps'), 'dump-switched-on'),
    ...when(unread('core-limit') || unread('core-possible'), 'kernel-dump-possible'),
    ...when(['swap', 'ptrace-scope', 'suid-dumpable'].some(unread), 'memory-exposed'),
    ...when(isUnknown(ksn), 'ksn-without-consent', 'ksn-refused-by-settings'),
    ...when(agreements.some(({ recorded }) => isUnknown(recorded)), 'consent-by-answer-file', 'agreement-record-disagrees'),
    ...when(agreements.some(({ textSha256 }) => isUnknown(textSha256)), 'agreement-text-undecided'),
    ...when(undeclared?.known !== true, 'undeclared-data'),
    ...when(isUnknown(licence), 'licence-expired', 'licence-expires-soon'),
  ];
}

/** What a scan could not tell. Findings of these kinds stay as they are: what was not seen is not mended. */
export function undeterminedBy(observation: Observation): Undetermined {
  const host = new Set(ofHost(observation));
  const stores = new Map(observation.stores.map((store) => [store.id, new Set(ofStore(store))]));
  return ({ code, store }) => host.has(code) || (store !== null && stores.get(store)?.has(code) === true);
}
