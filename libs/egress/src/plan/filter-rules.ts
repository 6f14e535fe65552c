import { MAIL_PORTS } from '@mailwarden/contracts';
import type { PortRange } from './egress-plan.js';
import type { CheckedEndpoint, CheckedFlow, CheckedPlan } from './checked-plan.js';
import { prefixText, type IpFamily, type IpPrefix } from './ip-prefix.js';
import { endpointSet, flowCounter, OVERFLOW_COUNTER, PORTLESS_COUNTER, SEEN_SETS } from './table-names.js';

const FAMILIES: readonly IpFamily[] = [4, 6];
const ADDRESS: Readonly<Record<IpFamily, string>> = { 4: 'ip daddr', 6: 'ip6 daddr' };
const MAIL = `{ ${MAIL_PORTS.join(', ')} }`;
const DNS_PORT = 53;
/** Protocols beside TCP whose header begins with two ports. */
const WITH_PORTS = '{ udp, udplite, sctp, dccp }';
const BEGINS_CONNECTION = 'tcp flags & (syn | ack) == syn';
/** One destination of one account. Source: the key of the seen sets. */
const destinationOf = (family: IpFamily): string => `meta skuid . ${ADDRESS[family]} . meta l4proto . th dport`;

const numbers = (list: readonly number[]): string => `{ ${list.join(', ')} }`;
const ports = (ranges: readonly PortRange[]): string => `{ ${ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(', ')} }`;

/** What mail may use is left out; null where nothing remains. */
function withoutMail(ranges: readonly PortRange[]): PortRange[] | null {
  let left = [...ranges];
  for (const port of MAIL_PORTS) {
    left = left.flatMap(({ first, last }) => (port < first || port > last ? [{ first, last }] : [{ first, last: port - 1 }, { first: port + 1, last }].filter((part) => part.first <= part.last)));
  }
  return left.length === 0 ? null : left;
}

/** How one protocol is refused. Each holds by itself that mail passes: it looks at ports of mail, or at what is not TCP. */
const REFUSALS = {
  tcp: { guard: `tcp dport != ${MAIL} tcp sport != ${MAIL}`, verdict: 'reject with tcp reset' },
  other: { guard: 'meta l4proto != tcp', verdict: 'reject with icmpx type admin-prohibited' },
} as const;

/** The only maker of rules that refuse. Safety: each names its accounts and carries a guard for mail, whatever the plan says. */
function refusing(flow: CheckedFlow, protocol: keyof typeof REFUSALS, match: string): string {
  const { guard, verdict } = REFUSALS[protocol];
  return ['meta skuid', numbers(flow.accounts), guard, match, `counter name "${flowCounter('refused', flow.id)}"`, verdict].filter((part) => part !== '').join(' ');
}

function lettingPast(prefixes: readonly IpPrefix[], match: string): string[] {
  return FAMILIES.flatMap((family) => {
    const own = prefixes.filter((prefix) => prefix.family === family).map(prefixText);
    return own.length === 0 ? [] : [`${ADDRESS[family]} { ${own.join(', ')} } ${match}accept`];
  });
}

/** What nothing after it can touch: the host with itself, mail in both directions, relays, name servers, and accounts of nobody's product. Mail leaves the table after three comparisons at most. */
const lettingThrough = (plan: CheckedPlan): string[] => [
  'oifname "lo" accept',
  `tcp dport ${MAIL} accept`,
  `tcp sport ${MAIL} accept`,
  ...lettingPast(plan.relays, ''),
  ...lettingPast(plan.resolvers, `udp dport ${DNS_PORT} `),
  ...lettingPast(plan.resolvers, `tcp dport ${DNS_PORT} `),
  `meta skuid != ${numbers(plan.accounts)} accept`,
];

/** What remembers destinations: the beginning of each connection, each datagram, and whatever else a known connection sends, so that it is not forgotten while it lives. */
function observing(plan: CheckedPlan): string[] {
  if (plan.observed.length === 0) return [];
  const accounts = `meta skuid ${numbers(plan.observed)}`;
  return [
    ...FAMILIES.flatMap((family) => {
      const set = `@${SEEN_SETS[family]}`;
      const remember = `update ${set} { ${destinationOf(family)} }`;
      const begins = [BEGINS_CONNECTION, `meta l4proto ${WITH_PORTS}`];
      return [
        ...begins.map((match) => `${accounts} ${match} ${remember}`),
        // A full set takes nothing in, and the rule ends there without a word.
        ...begins.map((match) => `${accounts} ${match} ${destinationOf(family)} != ${set} counter name "${OVERFLOW_COUNTER}"`),
        `${accounts} tcp flags & (syn | ack) != syn ${destinationOf(family)} ${set} ${remember}`,
      ];
    }),
    `${accounts} meta l4proto != { tcp, udp, udplite, sctp, dccp } counter name "${PORTLESS_COUNTER}"`,
  ];
}

/** The named sets of one endpoint, with what each compares. */
const placesOf = (flow: CheckedFlow, endpoint: CheckedEndpoint): string[] =>
  FAMILIES.flatMap((family) => {
    const fixed = family === 4 ? endpoint.v4 : endpoint.v6;
    const kinds = fixed.length === 0 ? (['named'] as const) : (['fixed', 'named'] as const);
    return kinds.map((kind) => `${ADDRESS[family]} @${endpointSet(kind, family, flow.id, endpoint.id)}`);
  });

const otherPorts = ({ protocol, ports: wanted }: CheckedEndpoint): string => {
  const match = wanted === 'any' ? '' : ` th dport ${ports(wanted)}`;
  if (protocol === 'udp') return ` meta l4proto udp${match}`;
  return match === '' ? '' : ` meta l4proto ${WITH_PORTS}${match}`;
};

function refusingEndpoint(flow: CheckedFlow, endpoint: CheckedEndpoint): string[] {
  const tcpPorts = endpoint.ports === 'any' ? [] : withoutMail(endpoint.ports);
  return placesOf(flow, endpoint).flatMap((place) => [
    ...(endpoint.protocol === 'udp' || tcpPorts === null ? [] : [refusing(flow, 'tcp', tcpPorts.length === 0 ? place : `${place} tcp dport ${ports(tcpPorts)}`)]),
    ...(endpoint.protocol === 'tcp' ? [] : [refusing(flow, 'other', `${place}${otherPorts(endpoint)}`)]),
  ]);
}

/** New connections everywhere, and what a remembered connection sends on. What answers somebody who came to the account is neither. */
const refusingEverything = (flow: CheckedFlow): string[] => [
  refusing(flow, 'tcp', BEGINS_CONNECTION),
  ...FAMILIES.map((family) => refusing(flow, 'tcp', `${destinationOf(family)} @${SEEN_SETS[family]}`)),
  refusing(flow, 'other', ''),
];

function allowing(flow: CheckedFlow): string[] {
  const count = `counter name "${flowCounter('allowed', flow.id)}"`;
  const accounts = `meta skuid ${numbers(flow.accounts)}`;
  if (flow.endpoints === 'any') return [`${accounts} ${count}`];
  return flow.endpoints.flatMap((endpoint) => {
    const wanted = endpoint.ports === 'any' ? '' : ` th dport ${ports(endpoint.ports)}`;
    const matches = {
      tcp: [` meta l4proto tcp${wanted}`],
      udp: [` meta l4proto udp${wanted}`],
      any: wanted === '' ? [''] : [` meta l4proto { tcp, udp, udplite, sctp, dccp }${wanted}`],
    }[endpoint.protocol];
    return placesOf(flow, endpoint).flatMap((place) => matches.map((match) => `${accounts} ${place}${match} ${count} accept`));
  });
}

/**
 * The rules of the one chain, in their order. What is let through comes first, then what only looks. A refusal of known endpoints beats a permission, so that an address of both stays closed;
 * a permission for known endpoints beats a refusal of everything, for it says more.
 */
export function filterRules(plan: CheckedPlan): string[] {
  const explicit = plan.flows.filter(({ endpoints }) => endpoints !== 'any');
  const anywhere = plan.flows.filter(({ endpoints }) => endpoints === 'any');
  const of = (flows: readonly CheckedFlow[], effect: CheckedFlow['effect']): CheckedFlow[] => flows.filter((flow) => flow.effect === effect);
  return [
    ...lettingThrough(plan),
    ...observing(plan),
    ...of(explicit, 'refused').flatMap((flow) => (flow.endpoints === 'any' ? [] : flow.endpoints.flatMap((endpoint) => refusingEndpoint(flow, endpoint)))),
    ...of(explicit, 'allowed').flatMap(allowing),
    ...of(anywhere, 'refused').flatMap(refusingEverything),
    ...of(anywhere, 'allowed').flatMap(allowing),
  ];
}
