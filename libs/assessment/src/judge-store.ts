import type { Store } from '@mailwarden/catalogue';
import type { AccessBreach, AssessedFinding, StatedLimit, StoreObservation } from '@mailwarden/contracts';
import { formatByteCount, formatDuration } from '@mailwarden/kernel';
import { measuredFor } from '@mailwarden/rotation';

const inWords = (kind: StatedLimit['kind'], value: number): string => (kind === 'bytes' ? formatByteCount(value) : kind === 'age' ? formatDuration(value) : `${Math.round(value)} ${kind === 'records' ? 'records' : 'items'}`);

/** A store above a limit that counts. */
export function overLimits(store: Store, observed: StoreObservation, limits: readonly StatedLimit[], nowMs: number): AssessedFinding[] {
  return limits
    .filter((limit) => limit.used)
    .flatMap((limit): AssessedFinding[] => {
      const value = measuredFor(limit, observed, nowMs);
      if (value === null || value <= limit.value) return [];
      return [
        {
          code: limit.kind === 'age' ? 'over-age' : 'over-limit',
          severity: limit.origin === 'policy' ? 'high' : 'medium',
          store: store.id,
          subject: limit.kind,
          message: `${store.section} holds ${inWords(limit.kind, value)}; the ${limit.origin} limit is ${limit.written}`,
          advice: limit.origin === 'policy' ? 'a policy in enforce mode rotates it; in observe mode, look at the plan first' : 'write a retention policy for it, or find out why the product does not rotate',
          source: limit.source,
        },
      ];
    });
}

function breachFinding(store: Store, breach: AccessBreach): AssessedFinding {
  const can = breach.read && breach.write ? 'read and write' : breach.write ? 'write' : 'read';
  const entries = `${breach.items} ${breach.items === 1 ? 'entry' : 'entries'}`;
  return {
    code: breach.kind === 'parent' ? 'parent-folder-open' : 'access-too-wide',
    severity: breach.account === 'everyone' || breach.write ? 'high' : 'medium',
    store: store.id,
    subject: `${breach.kind} ${breach.account}`.slice(0, 120),
    message: `${breach.account} can ${can} ${entries} of ${store.section}: ${breach.because}`.slice(0, 500),
    advice: 'give the entries back to the accounts that the profile names, and take the rights of others away',
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
