import type { Profile } from '@mailwarden/catalogue';
import { desiredKsn, isWithin, type EffectiveConsent } from '@mailwarden/consent';
import type { AgreementObservation, AssessedFinding, Observation } from '@mailwarden/contracts';
import type { StoreId } from '@mailwarden/kernel';

const NOTICE_DAYS = 30;
const DAY_MS = 86_400_000;

const setting = (observation: Observation, name: string): string | null => {
  const value = observation.settings[name];
  return value?.known === true ? String(value.value) : null;
};
const finding = (part: Omit<AssessedFinding, 'subject' | 'store'> & { subject?: string; store?: StoreId | null }): AssessedFinding => ({ subject: '', store: null, ...part });

const DUMP_ADVICE = "set LimitCORE=0 for the service unless you need its core files; where the kernel hands them to a program, have that program keep none (coredump.conf: Storage=none)";

/** What the kernel would do, where the scan could tell; an older agent tells the limit alone, which a program behind a pipe does not heed. */
function mayDump(observation: Observation, limit: string | null): boolean {
  const possible = setting(observation, 'core-possible');
  return possible === null ? limit !== null && limit !== '0' : possible === 'yes';
}

/** Dumps: the product's switch, what the kernel would do, and dumps that are already there. */
export function dumpFindings(profile: Profile, observation: Observation): AssessedFinding[] {
  const found: AssessedFinding[] = [];
  const dumps = profile.stores.find((store) => store.kind === 'dump');
  if (dumps === undefined) return found;
  const source = dumps.protection.source ?? 'the profile';
  if (setting(observation, 'dumps') === 'on') found.push(finding({ code: 'dump-switched-on', severity: 'high', store: dumps.id, message: 'the product writes dumps; they hold fragments of letters', advice: 'switch dumps off again as root, once the support case is closed', source }));
  const seen = observation.stores.find((store) => store.id === dumps.id);
  if (seen?.items.known === true && seen.items.value > 0) found.push(finding({ code: 'dump-present', severity: 'high', store: dumps.id, message: `${seen.items.value} dumps lie on this server`, advice: 'hand them to support or remove them', source }));
  const limit = setting(observation, 'core-limit');
  if (mayDump(observation, limit)) found.push(finding({ code: 'kernel-dump-possible', severity: 'info', store: dumps.id, message: `the service may leave a core file (limit ${limit ?? 'unknown'}); the kernel puts it to ${setting(observation, 'core-pattern') ?? 'a place that could not be read'}`, advice: DUMP_ADVICE, source: 'proc_pid_limits(5), core(5)' }));
  return found;
}

/** Ways in which what is in memory can be read or reach the disk. */
export function memoryFindings(profile: Profile, observation: Observation): AssessedFinding[] {
  const memory = profile.stores.find((store) => store.kind === 'memory');
  if (memory === undefined) return [];
  const exposed = (subject: string, message: string, advice: string, source: string): AssessedFinding => finding({ code: 'memory-exposed', severity: 'info', store: memory.id, subject, message, advice, source });
  return [
    ...(setting(observation, 'swap') === 'present' ? [exposed('swap', 'memory can reach the disk through swap', 'encrypt the swap, or switch it off', '/proc/swaps')] : []),
    ...(setting(observation, 'ptrace-scope') === '0' ? [exposed('ptrace', 'a process may read the memory of others of its own account', 'set kernel.yama.ptrace_scope to 1 or more', 'kernel.yama.ptrace_scope')] : []),
    ...(setting(observation, 'suid-dumpable') === '1' ? [exposed('suid-dumpable', 'programs with changed rights may leave core files', 'set fs.suid_dumpable to 0', 'fs.suid_dumpable')] : []),
  ];
}

const REFUSED = new Set(['declined', 'withdrawn']);
/** A grant that was given, and counts no longer here. */
const LAPSED = new Set(['expired', 'region-changed']);

function agreementFindings(observed: AgreementObservation, effective: EffectiveConsent | undefined, title: string, source: string): AssessedFinding[] {
  const found: AssessedFinding[] = [];
  const recorded = observed.recorded.known ? observed.recorded.value : null;
  const subject = observed.id;
  if (recorded?.accepted === true && recorded.byAnswerFile) found.push(finding({ code: 'consent-by-answer-file', severity: 'high', subject, message: `${title} was accepted by an answer file, not by a person who read it`, advice: 'have the person who may decide read the text and record the decision', source }));
  if (effective === undefined) return found;
  if (effective.state === 'undecided') found.push(finding({ code: 'undecided-agreement', severity: 'medium', subject, message: `nobody decided on ${title} for this server`, advice: `mailwarden consent grant|decline ${observed.id}`, source }));
  if (effective.state === 'text-changed') found.push(finding({ code: 'agreement-text-undecided', severity: 'medium', subject, message: `the text of ${title} on this server is not the one that was decided on`, advice: 'read the new text and decide on it', source }));
  if (LAPSED.has(effective.state)) found.push(finding({ code: 'undecided-agreement', severity: 'medium', subject, message: `${title} counts no longer on this server: ${effective.because}`, advice: `decide anew: mailwarden consent grant|decline ${observed.id}`, source }));
  if (recorded?.accepted === true && REFUSED.has(effective.state)) found.push(finding({ code: 'agreement-record-disagrees', severity: 'medium', subject, message: `the product's record says that ${title} was accepted; the decision is ${effective.state}`, advice: 'change the product\'s setting, or decide anew', source }));
  return found;
}

/** What was decided against what the product's records and settings say. Without decisions at hand, only what the host itself shows is judged. */
export function consentFindings(profile: Profile, observation: Observation, effective: readonly EffectiveConsent[]): AssessedFinding[] {
  const found = observation.agreements.flatMap((observed) => {
    const agreement = profile.agreements.find(({ id }) => id === observed.id);
    return agreementFindings(observed, effective.find((consent) => consent.agreement === observed.id), agreement?.title ?? observed.id, agreement?.source ?? 'the profile');
  });
  if (effective.length === 0 || !observation.ksn.known || profile.ksn === null) return found;
  const desired = desiredKsn(effective);
  const actual = observation.ksn.value;
  const source = observation.ksn.source ?? 'settings of the product';
  if (!isWithin(actual, desired)) found.push(finding({ code: 'ksn-without-consent', severity: 'critical', message: `KSN is ${actual} on this server; consent covers ${desired}`, advice: 'switch KSN back, or record the decision that covers it', source }));
  else if (actual !== desired && actual !== 'private') found.push(finding({ code: 'ksn-refused-by-settings', severity: 'info', message: `consent covers KSN ${desired}; the product is set to ${actual}`, advice: 'nothing leaves that should not; change the setting if KSN is wanted', source }));
  return found;
}

/** The licence, ahead of time, with what its end means for the data. */
export function licenceFindings(profile: Profile, observation: Observation, nowMs: number): AssessedFinding[] {
  if (!observation.licence.known) return [];
  const { status, expiresAt } = observation.licence.value;
  const state = profile.licence.states.find(({ id }) => id === status);
  const source = state?.source ?? 'the profile';
  const left = expiresAt === null ? null : Date.parse(expiresAt) - nowMs;
  if ((state !== undefined && state.id !== 'active') || (left !== null && left <= 0)) return [finding({ code: 'licence-expired', severity: 'high', message: `the licence is ${state?.title.toLowerCase() ?? 'over'}: ${state?.consequence ?? 'see the vendor\'s terms'}`, advice: 'renew it', source })];
  if (left !== null && left < NOTICE_DAYS * DAY_MS) return [finding({ code: 'licence-expires-soon', severity: 'medium', message: `the licence ends in ${Math.ceil(left / DAY_MS)} days`, advice: 'renew it before it does', source })];
  return [];
}

/** Settings that would move a store, and do not count because of who can write them. */
export const settingFindings = ({ settingsPassedOver = [] }: Observation): AssessedFinding[] =>
  settingsPassedOver.map(({ setting: name, source, why }) =>
    finding({ code: 'setting-passed-over', severity: 'medium', subject: name, message: `the setting of ${name} (${source}) does not count: ${why}`, advice: "if it is right, give the folder to the product's account, or let root alone write the file and the folders above it; if nobody here made it, find out who did", source }),
  );

export function versionFindings(observation: Observation): AssessedFinding[] {
  const { version } = observation.product;
  return version.known ? [] : [finding({ code: 'version-unknown', severity: 'low', message: `the product's version is unknown: ${version.reason}`.slice(0, 500), advice: 'limits and places change between versions; find out which one this is', source: 'this scan' })];
}

/** True when a scan found nothing of the product: then there is nothing to judge. */
export const isAbsent = ({ product, stores }: Observation): boolean => !product.version.known && stores.every((store) => store.kind === 'memory' || !store.present);

export const absentFinding = (profile: Profile): AssessedFinding => finding({ code: 'product-absent', severity: 'info', message: `nothing of ${profile.product.name} was found on this server`, advice: 'enrol the server with the profile of the product that it runs', source: 'this scan' });
