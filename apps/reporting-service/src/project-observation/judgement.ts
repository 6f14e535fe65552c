import { assess } from '@mailwarden/assessment';
import type { Profile } from '@mailwarden/catalogue';
import { effectiveConsent, type EffectiveConsent } from '@mailwarden/consent';
import type { AssessedFinding, Labels, Observation, PolicyBundle } from '@mailwarden/contracts';
import type { Instant } from '@mailwarden/kernel';
import type { ConsentEntries } from '../follow-consent/consent-entries.js';
import type { PolicyBundles } from '../follow-policy/policy-bundles.js';
import type { Trends } from '../follow-trends/trend-book.js';

/** Profiles by id, shipped ones and those of the operator. */
export type Profiles = ReadonlyMap<string, Profile>;

/** What bears on one observation: its profile, the policy of its server and what was consented to. */
export interface Bearing {
  readonly profile: Profile;
  readonly bundle: PolicyBundle | null;
  readonly effective: readonly EffectiveConsent[];
}

/** Brings together what an observation is judged by. */
export class Judgement {
  constructor(
    private readonly profiles: Profiles,
    private readonly bundles: PolicyBundles,
    private readonly consent: ConsentEntries,
  ) {}

  /** Returns undefined when the profile is not known here: the observation is kept, and nothing is claimed about it. */
  bearingOn(observation: Observation, labels: Labels, at: Instant): Bearing | undefined {
    const profile = this.profiles.get(observation.profile);
    if (profile === undefined) return undefined;
    const entries = this.consent.index();
    const agreements = observation.agreements.map(({ id, textSha256 }) => ({ id, textSha256 }));
    return {
      profile,
      bundle: this.bundles.of(observation.server),
      effective: effectiveConsent({ entries, server: observation.server, labels, agreements, at: entries.judgedAt(at) }),
    };
  }

  assess(observation: Observation, { labels, trends }: { labels: Labels; trends: Trends }, at: Instant): AssessedFinding[] {
    const bearing = this.bearingOn(observation, labels, at);
    return bearing === undefined ? [] : assess({ observation, ...bearing, trends, now: at });
  }
}
