import type { Profile } from '@mailwarden/catalogue';
import { BUNDLE_HOLDS_MAX, type Membership, type PolicyBundle } from '@mailwarden/contracts';
import { instantOf, type ProfileId } from '@mailwarden/kernel';
import type { FleetKeyring } from '@mailwarden/messaging';
import { bundleFor, holdsOf, keepingAll, misfitOf, type Policy } from '@mailwarden/policy';
import type { Rollouts } from '../roll-out/rollouts.js';
import type { PolicyShelf } from './policy-shelf.js';

/** A bundle counts for so long without a control plane. Units: milliseconds. */
export const BUNDLE_LIFE_MS = 7 * 86_400_000;

export interface DraftParts {
  readonly keyring: Pick<FleetKeyring, 'members'>;
  readonly profiles: ReadonlyMap<ProfileId, Profile>;
  readonly shelf: PolicyShelf;
  readonly rollouts: Rollouts;
}

/** What policy says for each server, before it is signed. */
export class BundleDrafts {
  constructor(private readonly parts: DraftParts) {}

  /** What a server is to be given: `standing` is what it was given before. */
  draft({ server, labels, profiles }: Membership, standing: PolicyBundle | undefined, nowMs: number): PolicyBundle {
    const { shelf, rollouts } = this.parts;
    const drafted = bundleFor({ server, labels, profiles: this.#profilesOf(profiles), policies: shelf.policies(), version: (standing?.version ?? 0) + 1, issuedAt: instantOf(nowMs), expiresAt: instantOf(nowMs + BUNDLE_LIFE_MS), hasReached: (policy) => rollouts.hasReached(policy, server, labels) });
    const rules = this.#rulesToKeep(standing);
    const transmission = rules.length === 0 ? drafted.transmission : { ...drafted.transmission, rules: [...(drafted.transmission.rules ?? []), ...rules], relays: [...new Set([...(drafted.transmission.relays ?? []), ...(standing?.transmission.relays ?? [])])] };
    return { ...drafted, transmission, holds: [...drafted.holds, ...this.#holdsToKeep(standing)] };
  }

  /** What a server is given in place of a draft that it would refuse: everything is kept, by what the draft says of the rest or else by what stood. Null where it would refuse that too. */
  inPlaceOf(draft: PolicyBundle, standing: PolicyBundle | undefined, misfit: string): PolicyBundle | null {
    const { version, issuedAt, expiresAt } = draft;
    const bases = [draft, ...(standing === undefined ? [] : [{ ...standing, version, issuedAt, expiresAt }])];
    return bases.map((base) => keepingAll(base, misfit)).find((candidate) => misfitOf(candidate) === null) ?? null;
  }

  /** Why these policies together would be too much for a server; null when all take them. Costs nothing while the holds of every profile together are few. */
  misfit(policies: readonly Policy[]): string | null {
    const { keyring, profiles } = this.parts;
    const known = [...profiles.values()];
    const most = policies.reduce((sum, policy) => sum + (policy.kind === 'hold' ? holdsOf(policy, known).length : 0), 0);
    if (most <= BUNDLE_HOLDS_MAX) return null;
    const at = instantOf(Date.now());
    for (const { server, labels, profiles: has } of keyring.members()) {
      const misfit = misfitOf(bundleFor({ server, labels, profiles: this.#profilesOf(has), policies, version: 1, issuedAt: at, expiresAt: at }));
      if (misfit !== null) return misfit;
    }
    return null;
  }

  #profilesOf(ids: Membership['profiles']): Profile[] {
    return ids.flatMap((id) => this.parts.profiles.get(id) ?? []);
  }

  /**
   * While a file of the folder cannot be used, nobody knows whether it was a hold: those that stood stay until the folder is whole again.
   * Safety: holds beat everything, so that a slip of the pen in one must not set free what it keeps.
   */
  #holdsToKeep(standing: PolicyBundle | undefined): PolicyBundle['holds'] {
    const { shelf } = this.parts;
    if (shelf.isWhole || standing === undefined) return [];
    return standing.holds.filter(({ id }) => shelf.policy(id) === undefined && !shelf.wasWithdrawn(id));
  }

  /** The same for what may leave: a file that cannot be used must not open what a policy of it refused. */
  #rulesToKeep(standing: PolicyBundle | undefined): NonNullable<PolicyBundle['transmission']['rules']> {
    const { shelf } = this.parts;
    if (shelf.isWhole) return [];
    return (standing?.transmission.rules ?? []).filter(({ policy }) => shelf.policy(policy) === undefined && !shelf.wasWithdrawn(policy));
  }
}
