import { PREFIX_BITS_MIN } from '@mailwarden/contracts';
import { err, ok, type Result } from '@mailwarden/kernel';
import {
  ACCOUNTS_MAX,
  ENDPOINT_ADDRESSES_MAX,
  ENDPOINTS_MAX,
  FLOWS_MAX,
  PROTECTED_MAX,
  type EgressEndpoint,
  type EgressFlow,
  type EgressPlan,
  type EgressPlanProblem,
  type EgressPlanProblemCode,
  type PortRange,
} from './egress-plan.js';
import { parseIpPrefix, withoutContained, type IpPrefix } from './ip-prefix.js';

const ROOT = 0;
/** The kernel's "no account". Source: credentials(7), `(uid_t) -1`. */
const NO_ACCOUNT = 0xffff_ffff;
const PORT_MAX = 65_535;
const ID = /^[A-Za-z0-9][A-Za-z0-9._/:-]{0,159}$/;

export interface CheckedEndpoint {
  readonly id: string;
  readonly v4: readonly IpPrefix[];
  readonly v6: readonly IpPrefix[];
  readonly protocol: EgressEndpoint['protocol'];
  readonly ports: 'any' | readonly PortRange[];
}

export interface CheckedFlow {
  readonly id: string;
  readonly accounts: readonly number[];
  readonly effect: EgressFlow['effect'];
  readonly endpoints: 'any' | readonly CheckedEndpoint[];
}

/** A plan whose every part was read; two that mean the same are equal. */
export interface CheckedPlan {
  readonly accounts: readonly number[];
  /** Accounts whose destinations are remembered: all but root, under whose number everything of the host sends. */
  readonly observed: readonly number[];
  readonly flows: readonly CheckedFlow[];
  readonly relays: readonly IpPrefix[];
  readonly resolvers: readonly IpPrefix[];
}

const distinct = (numbers: readonly number[]): number[] => [...new Set(numbers)].sort((left, right) => left - right);

/** Ports as the fewest ranges, ascending. */
export function joinedPorts(ranges: readonly PortRange[]): PortRange[] {
  const runs: { first: number; last: number }[] = [];
  for (const { first, last } of [...ranges].sort((left, right) => left.first - right.first)) {
    const open = runs.at(-1);
    if (open === undefined || first > open.last + 1) runs.push({ first, last });
    else open.last = Math.max(open.last, last);
  }
  return runs;
}

/** Collects what is wrong while it reads, so that all of it is told at once. */
class PlanReader {
  readonly problems: EgressPlanProblem[] = [];

  problem(code: EgressPlanProblemCode, where: string, message: string): void {
    this.problems.push({ code, where, message });
  }

  /** At most so many; what is beyond is not even read. */
  bounded<T>(list: readonly T[], most: number, where: string): readonly T[] {
    if (list.length <= most) return list;
    this.problem('too-many', where, `there are ${list.length}, and ${most} is the most; name wider prefixes, or fewer`);
    return [];
  }

  accounts(list: readonly number[], where: string): number[] {
    return distinct(
      this.bounded(list, ACCOUNTS_MAX, where).filter((account, index) => {
        if (Number.isSafeInteger(account) && account >= 0 && account < NO_ACCOUNT) return true;
        this.problem('account-invalid', `${where}[${index}]`, 'this is no number of an account; name the number that the host has for it');
        return false;
      }),
    );
  }

  prefixes(list: readonly string[], most: number, where: string): IpPrefix[] {
    return this.bounded(list, most, where).flatMap((text, index) => {
      const parsed = parseIpPrefix(text);
      if (!parsed.ok) {
        this.problem('address-invalid', `${where}[${index}]`, `${parsed.error}; write it as 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32`);
        return [];
      }
      if (parsed.value.bits >= PREFIX_BITS_MIN[parsed.value.family]) return [parsed.value];
      this.problem('prefix-too-wide', `${where}[${index}]`, `this is a good part of the Internet; name at least ${PREFIX_BITS_MIN[parsed.value.family]} bits, or say any`);
      return [];
    });
  }

  ports(ports: EgressEndpoint['ports'], where: string): EgressEndpoint['ports'] {
    if (ports === 'any') return 'any';
    if (ports.length === 0) this.problem('port-invalid', where, 'no port is named; name some, or say any');
    const isPort = (port: number): boolean => Number.isSafeInteger(port) && port >= 1 && port <= PORT_MAX;
    const good = ports.filter(({ first, last }, index) => {
      if (isPort(first) && isPort(last) && first <= last) return true;
      this.problem('port-invalid', `${where}[${index}]`, `a port is a number from 1 to ${PORT_MAX}, and a range begins with the lower one`);
      return false;
    });
    return joinedPorts(good);
  }

  id(id: string, taken: Set<string>, where: string): void {
    if (!ID.test(id)) this.problem('id-invalid', where, 'an id has letters, digits, dots, hyphens, colons and slashes, at most 160');
    if (taken.has(id)) this.problem('id-repeated', where, 'an id is given once; give this one another');
    taken.add(id);
  }

  endpoint(endpoint: EgressEndpoint, taken: Set<string>, where: string): CheckedEndpoint {
    this.id(endpoint.id, taken, `${where}.id`);
    const prefixes = this.prefixes(endpoint.addresses, ENDPOINT_ADDRESSES_MAX, `${where}.addresses`);
    const of = (family: 4 | 6): IpPrefix[] => withoutContained(prefixes.filter((prefix) => prefix.family === family));
    return { id: endpoint.id, v4: of(4), v6: of(6), protocol: endpoint.protocol, ports: this.ports(endpoint.ports, `${where}.ports`) };
  }

  flow(flow: EgressFlow, accounts: readonly number[], taken: Set<string>, where: string): CheckedFlow {
    this.id(flow.id, taken, `${where}.id`);
    const own = this.accounts(flow.accounts, `${where}.accounts`);
    if (flow.accounts.length === 0 || own.some((account) => !accounts.includes(account))) {
      this.problem('account-unknown', `${where}.accounts`, 'a flow is sent by accounts of the plan; name some of them');
    }
    if (flow.effect === 'refused' && flow.endpoints === 'any' && own.includes(ROOT)) {
      this.problem('everything-for-root', where, 'this product runs as root, and all that root sends would be refused, ours included; name the endpoints in the profile, or switch the flow off in the product');
    }
    const endpointIds = new Set<string>();
    const endpoints =
      flow.endpoints === 'any'
        ? 'any'
        : this.bounded(flow.endpoints, ENDPOINTS_MAX, `${where}.endpoints`).map((endpoint, index) => this.endpoint(endpoint, endpointIds, `${where}.endpoints[${index}]`));
    return { id: flow.id, accounts: own, effect: flow.effect, endpoints };
  }
}

/** Reads a plan. Errors: everything that is wrong with it. Safety: nothing of a plan reaches the packet filter but numbers, addresses and ports that were read here; names are hashed. */
export function checkPlan(plan: EgressPlan): Result<CheckedPlan, readonly EgressPlanProblem[]> {
  const reader = new PlanReader();
  const accounts = reader.accounts(plan.accounts, 'accounts');
  if (plan.accounts.length === 0) reader.problem('nothing-to-watch', 'accounts', 'the plan names no account; take the filter away instead');
  const flowIds = new Set<string>();
  const flows = reader.bounded(plan.flows, FLOWS_MAX, 'flows').map((flow, index) => reader.flow(flow, accounts, flowIds, `flows[${index}]`));
  const protectedOnes = (list: readonly string[], where: string): IpPrefix[] => {
    const prefixes = reader.prefixes(list, PROTECTED_MAX, where);
    return ([4, 6] as const).flatMap((family) => withoutContained(prefixes.filter((prefix) => prefix.family === family)));
  };
  const relays = protectedOnes(plan.relays, 'relays');
  const resolvers = protectedOnes(plan.resolvers, 'resolvers');
  if (reader.problems.length > 0) return err(reader.problems);
  return ok({ accounts, observed: accounts.filter((account) => account !== ROOT), flows, relays, resolvers });
}
