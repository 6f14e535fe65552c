import type { Store } from '@mailwarden/catalogue';
import type { AssessedFinding, BundleRule, Hold, PolicyBundle, StoreObservation } from '@mailwarden/contracts';
import { concernsStore, foretell, recordedState } from '@mailwarden/rotation';

const MESSAGE_MAX = 500;
const SOURCE_MAX = 200;

/** A hold of single letters keeps those and no more; whether they are what is over the limit, no scan can tell. */
const keepsSpans = (hold: Hold): boolean => (hold.messages ?? []).length === 0;

function heldBy(store: Store, observed: StoreObservation, rule: BundleRule, holds: readonly Hold[], observedAtMs: number, nowMs: number): AssessedFinding[] {
  const foretold = foretell({ ...rule, rotatable: true }, recordedState(observed, observedAtMs), holds, nowMs);
  if (foretold.state !== 'held') return [];
  const limits = foretold.passed.map((kind) => rule.written[kind] ?? kind).join(', ');
  const rest = foretold.wouldDelete.items > 0 ? `; about ${foretold.wouldDelete.items} items beside it may go` : '';
  return [
    {
      code: 'held-over-limit',
      severity: 'medium',
      store: store.id,
      subject: rule.policy,
      message: `${store.section} stays over the limit of ${rule.policy} (${limits}): ${holds.length === 1 ? 'a hold keeps' : `${holds.length} holds keep`} what would have to go${rest}`.slice(0, MESSAGE_MAX),
      advice: 'make room, or find out whether the hold is still needed; nothing that it covers is deleted',
      source: holds.map(({ id }) => id).join(', ').slice(0, SOURCE_MAX),
    },
  ];
}

/** A store that a policy would bring under its limit, and cannot because of what is held. */
export function heldOverLimits(store: Store, observed: StoreObservation, rules: readonly BundleRule[], bundle: Pick<PolicyBundle, 'holds'> | null, profile: string, observedAtMs: number, nowMs: number): AssessedFinding[] {
  const holds = (bundle?.holds ?? []).filter((hold) => keepsSpans(hold) && concernsStore(hold, profile, store.id));
  return holds.length === 0 ? [] : rules.filter(({ mode }) => mode !== 'observe').flatMap((rule) => heldBy(store, observed, rule, holds, observedAtMs, nowMs));
}
