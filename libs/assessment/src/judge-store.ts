import type { Store } from '@mailwarden/catalogue';
import type { AccessBreach, AssessedFinding, StatedLimit, StoreObservation } from '@mailwarden/contracts';
import { formatByteCount, formatDuration } from '@mailwarden/kernel';
import { isPassed, measuredFor } from '@mailwarden/rotation';

const inWords = (kind: StatedLimit['kind'], value: number): string => (kind === 'bytes' ? formatByteCount(value) : kind === 'age' ? formatDuration(value) : `${Math.round(value)} ${kind === 'records' ? 'records' : 'items'}`);

/** A store above a limit that counts. */
export function overLimits(store: Store, observed: StoreObservation, limits: readonly StatedLimit[], nowMs: number): AssessedFinding[] {
  return limits
    .filter((limit) => limit.used)
    .flatMap((limit): AssessedFinding[] => {
      const value = measuredFor(limit, observed, nowMs);
      if (value === null || !isPassed(limit.kind, value, limit.value)) return [];
      return [
        {
          code: limit.kind === 'age' ? 'over-age' : 'over-limit',
          severity: limit.origin === 'policy' ? 'high' : 'medium',
          store: store.id,
          subject: limit.kind,
          message: limit.kind === 'free-space' ? `${store.section} lies on a file system of which ${value.toFixed(1)} % is free; the ${limit.origin} floor is ${limit.written}` : `${store.section} holds ${inWords(limit.kind, value)}; the ${limit.origin} limit is ${limit.written}`,
          advice: limit.origin === 'policy' ? 'a policy in enforce mode rotates it; in observe mode, look at the plan first' : 'write a retention policy for it, or find out why the product does not rotate',
          source: limit.source,
        },
      ];
    });
}

const TAKE_BACK = 'give the entries back to the accounts that the profile names, and take the rights of others away';
const ADVICE: Readonly<Record<AccessBreach['kind'], string>> = {
  owner: TAKE_BACK,
  group: TAKE_BACK,
  mode: TAKE_BACK,
  parent: TAKE_BACK,
  acl: 'take the entry out of the list, or the account into a profile of your own',
  capability: 'take the capability away from the service that runs as this account, or the account into a profile of your own',
  database: "take the role's right away in the database, or close the way in that its server leaves open",
};

/** What a default list will give to what is made later; nobody is let in by it yet. */
const isYetToCome = (breach: AccessBreach): boolean => !breach.read && !breach.write;

/** Names tell less than letters; who can write in a folder can do more than list it. */
const listsNames = (breach: AccessBreach): boolean => breach.namesOnly === true && !breach.write;

function breachWords(store: Store, breach: AccessBreach): string {
  const entries = `${breach.items} ${breach.items === 1 ? 'entry' : 'entries'}`;
  if (isYetToCome(breach)) return `${breach.account} can be let into what is made in ${breach.items === 1 ? '1 folder' : `${breach.items} folders`} of ${store.section}: ${breach.because}`;
  const can = listsNames(breach) ? 'list the names in' : breach.read && breach.write ? 'read and write' : breach.write ? 'write' : 'read';
  return breach.kind === 'database' ? `${breach.account} can ${can} the records of ${store.section}: ${breach.because}` : `${breach.account} can ${can} ${entries} of ${store.section}: ${breach.because}`;
}

function breachFinding(store: Store, breach: AccessBreach): AssessedFinding {
  return {
    code: breach.kind === 'parent' ? 'parent-folder-open' : 'access-too-wide',
    severity: isYetToCome(breach) || listsNames(breach) ? 'info' : breach.account.startsWith('everyone') || breach.write ? 'high' : 'medium',
    store: store.id,
    subject: `${isYetToCome(breach) ? 'to come ' : ''}${breach.kind} ${breach.account}`.slice(0, 120),
    message: breachWords(store, breach).slice(0, 500),
    advice: ADVICE[breach.kind],
    source: store.protection.source ?? 'the kernel\'s own rules of access',
  };
}

/** Accounts that get in beyond the declared ones. */
export const openAccess = (store: Store, observed: StoreObservation): AssessedFinding[] => observed.access.breaches.map((breach) => breachFinding(store, breach));

/** Temporary entries from before the service's start. */
export function leftovers(store: Store, { leftovers: left }: StoreObservation): AssessedFinding[] {
  if (left?.known !== true || left.value.items === 0) return [];
  const { items, bytes } = left.value;
  return [{ code: 'leftover-files', severity: 'medium', store: store.id, subject: '', message: `${items} files (${formatByteCount(bytes)}) are older than the service's own start`, advice: 'they are letters that nobody works on any more; remove them', source: store.duration.kind === 'until-restart' ? store.duration.source : 'the profile' }];
}

/** Files without their row, rows without their file. */
export function orphans(store: Store, { orphans: halves }: StoreObservation): AssessedFinding[] {
  if (halves?.known !== true) return [];
  const { filesWithoutRow, rowsWithoutFile } = halves.value;
  if (filesWithoutRow + rowsWithoutFile === 0) return [];
  return [{ code: 'orphaned-halves', severity: 'medium', store: store.id, subject: '', message: `${filesWithoutRow} files without a row, ${rowsWithoutFile} rows without a file`, advice: 'the product neither shows nor rotates them; find out which half is right before anything is removed', source: 'comparison of files and table' }];
}

/** What could not be measured is told, never passed over. */
export function gaps(store: Store, observed: StoreObservation): AssessedFinding[] {
  return observed.unknown.map(({ what, why }) => ({ code: 'unmeasured', severity: 'low', store: store.id, subject: what, message: `${what} of ${store.section} could not be measured: ${why}`.slice(0, 500), advice: 'give the agent what it needs to read it', source: 'this scan' }));
}
