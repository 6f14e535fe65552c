import type { Profile } from '@mailwarden/catalogue';
import type { BundleRule, Hold, Membership } from '@mailwarden/contracts';
import type { ProfileId } from '@mailwarden/kernel';
import { holdsOf, holdStands, rulesFor, selects, type HoldPolicy, type Policy, type RetentionPolicy } from '@mailwarden/policy';
import { concernsStore } from '@mailwarden/rotation';

/** One rule of one policy with every server that it takes in. */
export interface RuleScope {
  readonly policy: RetentionPolicy;
  readonly rule: BundleRule;
  readonly rotatable: boolean;
  readonly servers: readonly string[];
  /** Holds of the store, by server; one that has none is not there. */
  readonly holds: ReadonlyMap<string, readonly Hold[]>;
}

/** All rules of one policy: they have their limits in common, so that one look at the table serves them all. */
export interface ScopeGroup {
  readonly watermarks: BundleRule['watermarks'];
  readonly profiles: readonly string[];
  readonly stores: readonly string[];
  readonly servers: readonly string[];
  readonly scopes: readonly RuleScope[];
}

export function groupsOf(scopes: readonly RuleScope[]): ScopeGroup[] {
  const groups = new Map<string, RuleScope[]>();
  for (const scope of scopes) {
    const found = groups.get(scope.policy.name);
    if (found === undefined) groups.set(scope.policy.name, [scope]);
    else found.push(scope);
  }
  return [...groups.values()].flatMap((members) => {
    const [first] = members;
    if (first === undefined) return [];
    // Scopes of one profile share one list.
    const lists = [...new Set(members.map(({ servers }) => servers))];
    return [{ watermarks: first.rule.watermarks, profiles: members.map(({ rule }) => rule.profile), stores: members.map(({ rule }) => rule.store), servers: lists.length === 1 ? first.servers : [...new Set(lists.flat())], scopes: members }];
  });
}

const selected = (policy: Policy, members: readonly Membership[]): Membership[] => members.filter(({ server, labels }) => selects(policy.servers, { ...labels, name: server }));

/** Profiles that members have, each with its members. */
function byProfile(members: readonly Membership[], profiles: ReadonlyMap<ProfileId, Profile>): Map<Profile, string[]> {
  const found = new Map<Profile, string[]>();
  for (const { server, profiles: ids } of members) {
    for (const id of ids) {
      const profile = profiles.get(id);
      if (profile === undefined) continue;
      const servers = found.get(profile);
      if (servers === undefined) found.set(profile, [server]);
      else servers.push(server);
    }
  }
  return found;
}

function holdsByServer(holds: readonly { policy: HoldPolicy; servers: ReadonlySet<string> }[], profile: Profile, rule: BundleRule, servers: readonly string[]): Map<string, Hold[]> {
  const found = new Map<string, Hold[]>();
  for (const { policy, servers: held } of holds) {
    const mine = holdsOf(policy, [profile]).filter((hold) => concernsStore(hold, rule.profile, rule.store));
    if (mine.length > 0) for (const server of servers) if (held.has(server)) found.set(server, [...(found.get(server) ?? []), ...mine]);
  }
  return found;
}

/** Every rule that these policies come to, over the whole fleet. */
export function ruleScopes(policies: readonly RetentionPolicy[], holdPolicies: readonly HoldPolicy[], members: readonly Membership[], profiles: ReadonlyMap<ProfileId, Profile>, nowMs: number): RuleScope[] {
  const holds = holdPolicies.filter((policy) => holdStands(policy, nowMs)).map((policy) => ({ policy, servers: new Set(selected(policy, members).map(({ server }) => server)) }));
  return policies.flatMap((policy) =>
    [...byProfile(selected(policy, members), profiles)].flatMap(([profile, servers]) =>
      rulesFor(policy, profile).map((rule): RuleScope => ({ policy, rule, servers, rotatable: profile.stores.find(({ id }) => id === rule.store)?.rotatable ?? false, holds: holdsByServer(holds, profile, rule, servers) })),
    ),
  );
}
