import type { Profile } from '@mailwarden/catalogue';
import { decideFlows, effectiveConsent, type EntryIndex, type FlowDecision } from '@mailwarden/consent';
import type { EgressTask, FlowEndpoint, PolicyBundle } from '@mailwarden/contracts';
import { parseIpPrefix, type EgressEndpoint, type EgressFlow, type EgressPlan } from '@mailwarden/egress';
import { sha256, type Instant, type ProfileId } from '@mailwarden/kernel';

const ROOT = 0;
const ID_LENGTH = 16;

/** What is decided for one product, with the accounts of the host that it runs as. */
export interface ProductDecision {
  readonly profile: ProfileId;
  readonly accounts: readonly number[];
  readonly flows: readonly FlowDecision[];
}

/** What the filter is to do, and what follows from which profile. */
export interface HostPlan {
  readonly plan: EgressPlan;
  readonly products: readonly ProductDecision[];
  /** Names to resolve, each with the endpoint that its addresses belong to. */
  readonly names: readonly { readonly flow: string; readonly endpoint: string; readonly name: string }[];
}

/** What a host says of itself. */
export interface HostFacts {
  /** Numeric account by name. */
  readonly accounts: ReadonlyMap<string, number>;
  readonly resolvers: readonly string[];
}

export const flowId = (profile: string, flow: string): string => `${profile}/${flow}`;

const isAddress = (host: string): boolean => parseIpPrefix(host).ok;
/** Stays the same when other endpoints come and go, so that what its name resolved to is kept. */
const endpointId = ({ host, ports }: FlowEndpoint): string => `e${sha256(JSON.stringify([host, ports])).slice(0, ID_LENGTH)}`;
const distinctEndpoints = (endpoints: readonly FlowEndpoint[]): FlowEndpoint[] => [...new Map(endpoints.map((endpoint) => [endpointId(endpoint), endpoint])).values()];

const asEndpoint = (endpoint: FlowEndpoint): EgressEndpoint => ({
  id: endpointId(endpoint),
  addresses: isAddress(endpoint.host) ? [endpoint.host] : [],
  protocol: 'any',
  ports: endpoint.ports.length === 0 ? 'any' : endpoint.ports.map((port) => ({ first: port, last: port })),
});

/** All that a product sends can be refused only where it sends under accounts of its own: root sends for the whole host. */
function withoutRoot(decision: FlowDecision, accounts: readonly number[]): FlowDecision {
  if (decision.effect !== 'refused' || decision.endpoints !== 'any' || accounts.some((account) => account !== ROOT)) return decision;
  return { ...decision, effect: 'allowed', enforced: false, because: `${decision.because}; it sends as root, as all of the host does: name its endpoints` };
}

function productOf(profile: Profile, bundle: PolicyBundle, facts: HostFacts, given: { readonly entries: EntryIndex; readonly agreements: EgressTask['agreements']; readonly at: Instant }): ProductDecision | null {
  const accounts = [profile.accounts.service, ...profile.accounts.others].flatMap((name) => facts.accounts.get(name) ?? []);
  if (accounts.length === 0) return null;
  const effective = effectiveConsent({ entries: given.entries, server: bundle.server, labels: bundle.labels, agreements: given.agreements[profile.id] ?? profile.agreements.map(({ id }) => ({ id, textSha256: { known: false, reason: 'not told' } })), at: given.at });
  const rules = (bundle.transmission.rules ?? []).filter((rule) => rule.profile === profile.id);
  const flows = profile.flows.map(({ id, requires, endpoints }) => ({ id, requires, endpoints: endpoints?.map(({ host, ports }) => ({ host, ports: [...ports] })) ?? null }));
  return { profile: profile.id, accounts, flows: decideFlows({ flows, rules, effective, at: given.at }).map((decision) => withoutRoot(decision, accounts)) };
}

function planFlow({ profile, accounts }: ProductDecision, { flow, effect, endpoints }: FlowDecision): EgressFlow {
  const own = endpoints === 'any' && effect === 'refused' ? accounts.filter((account) => account !== ROOT) : accounts;
  return { id: flowId(profile, flow), accounts: own, effect, endpoints: endpoints === 'any' ? 'any' : distinctEndpoints(endpoints).map(asEndpoint) };
}

/**
 * What the packet filter of a host is to do, from the newest policy and consent. Only products that a transmission policy names are watched.
 * Null where no policy speaks of transmission: then there is no filter.
 */
export function planOfHost(parts: {
  readonly bundle: PolicyBundle | null;
  readonly entries: EntryIndex;
  readonly agreements: EgressTask['agreements'];
  readonly profiles: ReadonlyMap<ProfileId, Profile>;
  readonly facts: HostFacts;
  readonly at: Instant;
}): HostPlan | null {
  const { bundle, profiles, facts, entries, agreements } = parts;
  const named = [...new Set((bundle?.transmission.rules ?? []).map((rule) => rule.profile))];
  if (bundle === null || named.length === 0) return null;
  const at = entries.judgedAt(parts.at);
  const products = named.flatMap((id) => {
    const profile = profiles.get(id);
    return profile === undefined ? [] : (productOf(profile, bundle, facts, { entries, agreements, at }) ?? []);
  });
  const accounts = [...new Set(products.flatMap((product) => product.accounts))];
  if (accounts.length === 0) return null;
  const names = products.flatMap(({ profile, flows }) =>
    flows.flatMap(({ flow, endpoints }) => (endpoints === 'any' ? [] : distinctEndpoints(endpoints).filter(({ host }) => !isAddress(host)).map((endpoint) => ({ flow: flowId(profile, flow), endpoint: endpointId(endpoint), name: endpoint.host })))),
  );
  return {
    plan: { accounts, flows: products.flatMap((product) => product.flows.map((decision) => planFlow(product, decision))), relays: bundle.transmission.relays ?? [], resolvers: facts.resolvers },
    products,
    names,
  };
}
