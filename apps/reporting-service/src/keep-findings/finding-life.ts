import type { Undetermined } from '@mailwarden/assessment';
import type { AssessedFinding } from '@mailwarden/contracts';
import { epochMsOf, uuidOf, type Instant } from '@mailwarden/kernel';

/** Part of the system that may raise and close a finding; one never closes what another opened. */
export type FindingOrigin = 'assessment' | 'liveness' | 'clones' | 'rotation' | 'consent' | 'messages' | 'numbering' | 'ledger' | 'witness';

/** Whose findings are looked at together: what is not seen again in this scope is resolved. */
export interface FindingScope {
  readonly server: string;
  readonly origin: FindingOrigin;
  readonly profile: string | null;
}

/** A finding with its life, as it is kept. */
export interface KnownFinding extends AssessedFinding {
  readonly id: string;
  readonly state: 'open' | 'resolved' | 'accepted';
  readonly openedAt: Instant;
  readonly updatedAt: Instant;
  /** When its last change was told to the outside. */
  readonly toldAt: Instant;
  readonly resolvedAt: Instant | null;
}

export interface FindingChange {
  readonly what: 'opened' | 'updated' | 'resolved' | 'reopened';
  readonly finding: KnownFinding;
  /** True when history and subscribers hear of it; figures that move with each scan are kept quietly. */
  readonly told: boolean;
}

/** A message whose figures move is told again no sooner than this. Units: milliseconds. */
export const RETELL_AFTER_MS = 15 * 60_000;

/** The same expectation on the same thing is the same finding, however often it is broken. */
export const findingId = (scope: FindingScope, finding: Pick<AssessedFinding, 'code' | 'store' | 'subject'>): string =>
  uuidOf('finding', scope.server, scope.origin, scope.profile ?? '', finding.code, finding.store ?? '', finding.subject);

function begun(scope: FindingScope, seen: AssessedFinding, known: KnownFinding | undefined, now: Instant): FindingChange {
  const finding: KnownFinding = { ...seen, id: findingId(scope, seen), state: 'open', openedAt: now, updatedAt: now, toldAt: now, resolvedAt: null };
  return { what: known === undefined ? 'opened' : 'reopened', finding, told: true };
}

function continued(known: KnownFinding, seen: AssessedFinding, now: Instant): FindingChange | undefined {
  const worded = known.message !== seen.message || known.advice !== seen.advice || known.source !== seen.source;
  const weighed = known.severity !== seen.severity;
  if (!worded && !weighed) return undefined;
  const told = weighed || epochMsOf(now) - epochMsOf(known.toldAt) >= RETELL_AFTER_MS;
  return { what: 'updated', told, finding: { ...known, ...seen, updatedAt: now, toldAt: told ? now : known.toldAt } };
}

/**
 * How the findings of one scope change when it is looked at again.
 * A resolved finding that is seen again is reopened under its old id; an accepted one stays accepted while it lasts.
 * Two findings of one identity in one look count once. What the look could not tell neither opens nor closes.
 */
export function findingChanges(scope: FindingScope, known: readonly KnownFinding[], seen: readonly AssessedFinding[], now: Instant, undetermined: Undetermined = () => false): FindingChange[] {
  const knownById = new Map(known.map((finding) => [finding.id, finding]));
  const seenById = new Map(seen.map((finding) => [findingId(scope, finding), finding]));
  const changes: FindingChange[] = [];
  for (const [id, finding] of seenById) {
    const before = knownById.get(id);
    const change = before === undefined || before.state === 'resolved' ? begun(scope, finding, before, now) : continued(before, finding, now);
    if (change !== undefined) changes.push(change);
  }
  for (const finding of known) {
    if (finding.state === 'resolved' || seenById.has(finding.id) || undetermined(finding)) continue;
    changes.push({ what: 'resolved', told: true, finding: { ...finding, state: 'resolved', updatedAt: now, toldAt: now, resolvedAt: now } });
  }
  return changes;
}
