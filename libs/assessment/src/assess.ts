import type { Profile } from '@mailwarden/catalogue';
import type { EffectiveConsent } from '@mailwarden/consent';
import type { AssessedFinding, Observation, PolicyBundle } from '@mailwarden/contracts';
import { epochMsOf, type Instant } from '@mailwarden/kernel';
import { egressFindings } from './judge-egress.js';
import { nearLimits } from './judge-forecast.js';
import { heldOverLimits } from './judge-holds.js';
import { absentFinding, consentFindings, dumpFindings, isAbsent, licenceFindings, memoryFindings, settingFindings, versionFindings } from './judge-host.js';
import { gaps, leftovers, openAccess, orphans, overLimits } from './judge-store.js';
import { absentRotation, lateRotation, logElsewhere } from './judge-rotation.js';
import { changedConfiguration, contradictions, foreignVersion, heldOpen, unfinishedScan } from './judge-scan.js';
import { undeclaredFindings } from './judge-undeclared.js';
import { rulesOf, statedLimits } from './stated-limits.js';
import type { Trend } from './trend.js';

/** What an observation is judged by. */
export interface Bearing {
  readonly observation: Observation;
  readonly profile: Profile;
  readonly bundle: PolicyBundle | null;
  /** Empty where no decisions are at hand, as in a scan without a server. */
  readonly effective: readonly EffectiveConsent[];
  /** By store; absent where no history is at hand. */
  readonly trends?: Readonly<Record<string, Trend>>;
  readonly now: Instant;
}

/** Every violated expectation of one observation. Two that are the same in code, store and subject are one. */
export function assess({ observation, profile, bundle, effective, trends, now }: Bearing): AssessedFinding[] {
  if (isAbsent(observation)) return [absentFinding(profile)];
  const nowMs = epochMsOf(now);
  const ofStores = profile.stores.flatMap((store) => {
    const observed = observation.stores.find(({ id }) => id === store.id);
    if (observed === undefined) return [];
    const rules = rulesOf(bundle, profile, store);
    const limits = statedLimits(store, observed, rules);
    return [...overLimits(store, observed, limits, nowMs), ...heldOverLimits(store, observed, rules, bundle, profile.id, epochMsOf(observation.startedAt), nowMs), ...openAccess(store, observed), ...leftovers(store, observed), ...orphans(store, observed), ...heldOpen(store, observed), ...changedConfiguration(store, observed, nowMs), ...contradictions(store, limits), ...nearLimits(store, limits, rules, trends?.[store.id], nowMs), ...absentRotation(store, observed, rules, nowMs), ...lateRotation(store, observed, nowMs), ...logElsewhere(store, observed, observation), ...gaps(store, observed)];
  });
  const all = [...ofStores, ...dumpFindings(profile, observation), ...memoryFindings(profile, observation), ...consentFindings(profile, observation, effective), ...egressFindings(profile, observation, bundle, effective), ...licenceFindings(profile, observation, nowMs), ...settingFindings(observation), ...versionFindings(observation), ...foreignVersion(profile, observation), ...undeclaredFindings(observation), ...unfinishedScan(observation)];
  const seen = new Set<string>();
  return all.filter(({ code, store, subject }) => {
    const key = `${code} ${store ?? ''} ${subject}`;
    const first = !seen.has(key);
    seen.add(key);
    return first;
  });
}
