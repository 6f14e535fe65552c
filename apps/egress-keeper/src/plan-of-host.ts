import type { Profile } from '@mailwarden/catalogue';
import { decideFlows, effectiveConsent, type EntryIndex, type FlowDecision } from '@mailwarden/consent';
import { HOST_NAME, MAIL_PORTS, PREFIX_BITS_MIN, type EgressTask, type FlowEndpoint, type PolicyBundle, type TransmissionRule } from '@mailwarden/contracts';
import { ENDPOINTS_MAX, parseIpPrefix, type EgressEndpoint, type EgressFlow, type EgressPlan } from '@mailwarden/egress';
import { sha256, type Instant, type ProfileId } from '@mailwarden/kernel';

const ROOT = 0;
const ID_LENGTH = 16;

/** What is decided for one product, with the accounts of the host that it runs as. */
export interface ProductDecision {
  readonly profile: ProfileId;
  readonly accounts: readonly number[];
  readonly flows: readonly FlowDecision[];
}

/** A name to resolve, with the endpoint that its addresses belong to. */
export interface NamedEndpoint {
  readonly flow: string;
  readonly endpoint: string;
  readonly name: string;
}

/** What the filter is to do, and what follows from which profile. */
export interface HostPlan {
  readonly plan: EgressPlan;
  readonly products: readonly ProductDecision[];
  readonly names: readonly NamedEndpoint[];
}

/** What a host says of itself. */
export interface HostFacts {
  /** Numeric account by name. */
  readonly accounts: ReadonlyMap<string, number>;
  readonly resolvers: readonly string[];
}

export const flowId = (profile: string, flow: string): string => `${profile}/${flow}`;

/** Flow of the plan that stands for all that a product sends, beside the one for what is known of it. */
export const everythingId = (profile: string, flow: string): string => `${flowId(profile, flow)}:everything`;

const isAddress = (host: string): boolean => parseIpPrefix(host).ok;

/** Why an endpoint cannot be refused; null where it can. One that cannot must not bring down the plan of all others. */
function whyUnusable({ host, ports }: FlowEndpoint): string | null {
  const parsed = parseIpPrefix(host);
  if (parsed.ok && parsed.value.bits < PREFIX_BITS_MIN[parsed.value.family]) return `${host} is a good part of the Internet`;
  if (!parsed.ok && !HOST_NAME.test(host)) return `${host} is no address and no name`;
  return ports.length > 0 && ports.every((port) => MAIL_PORTS.includes(port)) ? `${host} is named with ports of mail alone, which are never refused` : null;
}

/** Stays the same when other endpoints come and go, so that what its name resolved to is kept. */
const endpointId = ({ host, ports }: FlowEndpoint): string => `e${sha256(JSON.stringify([host, ports])).slice(0, ID_LENGTH)}`;
const distinctEndpoints = (endpoints: readonly FlowEndpoint[]): FlowEndpoint[] => [...new Map(endpoints.map((endpoint) => [endpointId(endpoint), endpoint])).values()];

const asEndpoint = (endpoint: FlowEndpoint): EgressEndpoint => ({
  id: endpointId(endpoint),
  addresses: isAddress(endpoint.host) ? [endpoint.host] : [],
  protocol: 'any',
  ports: endpoint.ports.length === 0 ? 'any' : endpoint.ports.map((port) => ({ first: port, last: port })),
});

const notEnforced = (decision: FlowDecision, why: string): FlowDecision => ({ ...decision, enforced: false, because: `${decision.because}; ${why}` });

/** All that a product sends can be refused only where it sends under accounts of its own: root sends for the whole host. */
function withoutRoot(decision: FlowDecision, accounts: readonly number[]): FlowDecision {
  if (!decision.everything || !accounts.includes(ROOT)) return decision;
  if (accounts.some((account) => account !== ROOT)) return notEnforced(decision, 'what it sends as root is not refused, for the whole host sends as root');
  const closed = notEnforced({ ...decision, everything: false }, 'it sends as root, as all of the host does: name its endpoints');
  return decision.endpoints === 'any' ? { ...closed, effect: 'allowed' } : closed;
}

/** Names each endpoint once, leaves out those that cannot be refused, and says so. */
function withUsable(decision: FlowDecision): FlowDecision {
  if (decision.endpoints === 'any') return decision;
  const distinct = distinctEndpoints(decision.endpoints);
  const reasons = [...distinct.flatMap((endpoint) => whyUnusable(endpoint) ?? []), ...(distinct.length > ENDPOINTS_MAX ? [`it has more than ${ENDPOINTS_MAX} endpoints`] : [])];
  if (reasons.length === 0) return { ...decision, endpoints: distinct };
  const usable = { ...decision, endpoints: distinct.filter((endpoint) => whyUnusable(endpoint) === null).slice(0, ENDPOINTS_MAX) };
  return decision.effect === 'refused' ? notEnforced(usable, reasons.join('; ')) : usable;
}

/** A rule is lifted for as long as its policy says, or the host's administrator. */
const lifted = (rule: TransmissionRule, here: Instant | null): TransmissionRule => (here === null || (rule.liftedUntil !== null && rule.liftedUntil > here) ? rule : { ...rule, liftedUntil: here });

function productOf(profile: Profile, bundle: PolicyBundle, facts: HostFacts, given: { readonly entries: EntryIndex; readonly agreements: EgressTask['agreements']; readonly liftedUntil: Instant | null; readonly at: Instant }): ProductDecision | null {
  const accounts = [profile.accounts.service, ...profile.accounts.others].flatMap((name) => facts.accounts.get(name) ?? []);
  if (accounts.length === 0) return null;
  // Which agreements there are is the profile's to say; the agent is asked for their texts alone.
  const told = new Map((given.agreements[profile.id] ?? []).map(({ id, textSha256 }) => [id, textSha256]));
  const ids = new Set([...profile.agreements.map(({ id }) => id), ...profile.flows.flatMap(({ requires }) => requires)]);
  const agreements = [...ids].map((id) => ({ id, textSha256: told.get(id) ?? ({ known: false, reason: 'the agent did not tell' } as const) }));
  const effective = effectiveConsent({ entries: given.entries, server: bundle.server, labels: bundle.labels, agreements, at: given.at });
  const rules = (bundle.transmission.rules ?? []).filter((rule) => rule.profile === profile.id).map((rule) => lifted(rule, given.liftedUntil));
  const flows = profile.flows.map(({ id, requires, endpoints }) => ({ id, requires, endpoints: endpoints?.map(({ host, ports }) => ({ host, ports: [...ports] })) ?? null }));
  return { profile: profile.id, accounts, flows: decideFlows({ flows, rules, effective, at: given.at }).map((decision) => withoutRoot(withUsable(decision), accounts)) };
}

function planFlows({ profile, accounts }: ProductDecision, { flow, effect, endpoints, everything }: FlowDecision): EgressFlow[] {
  const named: EgressFlow[] = endpoints === 'any' && everything ? [] : [{ id: flowId(profile, flow), accounts, effect, endpoints: endpoints === 'any' ? 'any' : endpoints.map(asEndpoint) }];
  return everything ? [...named, { id: everythingId(profile, flow), accounts: accounts.filter((account) => account !== ROOT), effect: 'refused', endpoints: 'any' }] : named;
}

/**
 * What the packet filter of a host is to do, from the newest policy and consent. Only products that a transmission policy names are watched.
 * `nothing-asked` where no policy speaks of transmission: then there is no filter. `no-accounts` where one does, and none of the products has an account here now.
 */
export function planOfHost(parts: {
  readonly bundle: PolicyBundle | null;
  readonly entries: EntryIndex;
  readonly agreements: EgressTask['agreements'];
  readonly profiles: ReadonlyMap<ProfileId, Profile>;
  readonly facts: HostFacts;
  /** Until when the host's own administrator lets everything flow; null where nobody does. */
  readonly liftedUntil: Instant | null;
  readonly at: Instant;
}): HostPlan | 'nothing-asked' | 'no-accounts' {
  const { bundle, profiles, facts, entries, agreements, liftedUntil } = parts;
  const named = [...new Set((bundle?.transmission.rules ?? []).map((rule) => rule.profile))];
  if (bundle === null || named.length === 0) return 'nothing-asked';
  const at = entries.judgedAt(parts.at);
  const products = named.flatMap((id) => {
    const profile = profiles.get(id);
    return profile === undefined ? [] : (productOf(profile, bundle, facts, { entries, agreements, liftedUntil, at }) ?? []);
  });
  const accounts = [...new Set(products.flatMap((product) => product.accounts))];
  if (accounts.length === 0) return 'no-accounts';
  const names = products.flatMap(({ profile, flows }) =>
    flows.flatMap(({ flow, endpoints }) => (endpoints === 'any' ? [] : endpoints.filter(({ host }) => !isAddress(host)).map((endpoint) => ({ flow: flowId(profile, flow), endpoint: endpointId(endpoint), name: endpoint.host })))),
  );
  return {
    plan: { accounts, flows: products.flatMap((product) => product.flows.flatMap((decision) => planFlows(product, decision))), relays: bundle.transmission.relays ?? [], resolvers: facts.resolvers },
    products,
    names,
  };
}
