import type { CheckedEndpoint, CheckedFlow, CheckedPlan } from '../plan/checked-plan.js';
import { holds, joined, parseIpPrefix, rangeOf, type IpFamily, type IpRange } from '../plan/ip-prefix.js';
import type { NamedAddresses } from '../plan/named-addresses.js';
import { endpointSet } from '../plan/table-names.js';
import type { Destination } from './listing.js';

/** Ports on which nothing is ever encrypted, by protocol. Ports where encryption may begin later (LDAP, IMAP) are not among them. Source: IANA Service Name and Transport Protocol Port Number Registry. */
export const PLAINTEXT_PORTS: Readonly<Record<string, readonly number[]>> = {
  tcp: [7, 9, 13, 19, 20, 21, 23, 37, 43, 53, 70, 79, 80, 512, 513, 514, 873],
  udp: [7, 9, 13, 19, 37, 53, 69, 161, 162, 514],
};

export const isPlaintext = (protocol: string, port: number): boolean => PLAINTEXT_PORTS[protocol]?.includes(port) === true;

/** What a destination belongs to: `declared` by the endpoints of a flow, `possible` where only flows without known endpoints could be it, or `undeclared`. */
export interface Attribution {
  readonly kind: 'declared' | 'possible' | 'undeclared';
  /** The flows of whose endpoints it is; where there are none, those without known endpoints. */
  readonly flows: readonly string[];
}

interface KnownEndpoint {
  readonly endpoint: CheckedEndpoint;
  readonly runs: Readonly<Record<IpFamily, readonly IpRange[]>>;
  readonly names: Readonly<Record<IpFamily, string>>;
}

/** Answers for one plan; made once for it, because endpoints may hold thousands of addresses. */
export class Attributor {
  readonly #flows: readonly { readonly flow: CheckedFlow; readonly endpoints: 'any' | readonly KnownEndpoint[] }[];

  constructor(
    plan: CheckedPlan,
    private readonly named: NamedAddresses,
  ) {
    this.#flows = plan.flows.map((flow) => ({
      flow,
      endpoints:
        flow.endpoints === 'any'
          ? 'any'
          : flow.endpoints.map((endpoint) => ({
              endpoint,
              runs: { 4: joined(endpoint.v4.map(rangeOf)), 6: joined(endpoint.v6.map(rangeOf)) },
              names: { 4: endpointSet('named', 4, flow.id, endpoint.id), 6: endpointSet('named', 6, flow.id, endpoint.id) },
            })),
    }));
  }

  /** Which flows of the account a destination belongs to. Units: the instant in epoch milliseconds. */
  of(destination: Destination, nowMs: number): Attribution {
    const parsed = parseIpPrefix(destination.address);
    if (!parsed.ok) return { kind: 'undeclared', flows: [] };
    const { family, base } = parsed.value;
    const own = this.#flows.filter(({ flow }) => flow.accounts.includes(destination.account));
    const declared = own.filter(
      ({ endpoints }) => endpoints !== 'any' && endpoints.some(({ endpoint, runs, names }) => speaks(endpoint, destination) && (holds(runs[family], base) || this.named.knew(names[family], family, base, nowMs))),
    );
    if (declared.length > 0) return { kind: 'declared', flows: declared.map(({ flow }) => flow.id) };
    const anywhere = own.filter(({ endpoints }) => endpoints === 'any').map(({ flow }) => flow.id);
    return { kind: anywhere.length > 0 ? 'possible' : 'undeclared', flows: anywhere };
  }
}

const speaks = ({ protocol, ports }: CheckedEndpoint, destination: Destination): boolean =>
  (protocol === 'any' || protocol === destination.protocol) && (ports === 'any' || ports.some(({ first, last }) => destination.port >= first && destination.port <= last));
