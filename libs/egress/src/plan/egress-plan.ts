/** More is a mistake of whoever made the plan. */
export const ACCOUNTS_MAX = 64;
export const FLOWS_MAX = 256;
export const ENDPOINTS_MAX = 256;
/** Of one endpoint and family, each for addresses of the plan and for addresses that names resolved to. */
export const ENDPOINT_ADDRESSES_MAX = 16_384;
/** Relays and resolvers, each. */
export const PROTECTED_MAX = 1_024;
/** Both ends belong to it. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** Where a flow goes. Addresses that names resolve to are added while the filter stands; those that never change are named here. */
export interface EgressEndpoint {
  /** Tells the endpoints of one flow apart. */
  readonly id: string;
  /** Addresses and prefixes, IPv4 and IPv6. May be empty where only names are known. */
  readonly addresses: readonly string[];
  readonly protocol: 'tcp' | 'udp' | 'any';
  readonly ports: 'any' | readonly PortRange[];
}

/** What a profile calls a flow, with what is decided about it now. */
export interface EgressFlow {
  readonly id: string;
  /** Numeric accounts that send it; each is one of the plan's. */
  readonly accounts: readonly number[];
  readonly effect: 'allowed' | 'refused';
  /** `any` where the profile knows no endpoints. */
  readonly endpoints: 'any' | readonly EgressEndpoint[];
}

/** All that the packet filter of one host does for products. */
export interface EgressPlan {
  /** Numeric accounts of the products whose destinations are remembered. */
  readonly accounts: readonly number[];
  readonly flows: readonly EgressFlow[];
  /** The host's own relays and whatever else mail needs: addresses to which nothing is ever refused. */
  readonly relays: readonly string[];
  /** Name servers of the host: port 53 of them is never refused, for mail without names stands still. */
  readonly resolvers: readonly string[];
}

export type EgressPlanProblemCode =
  | 'account-invalid'
  | 'account-unknown'
  | 'address-invalid'
  | 'everything-for-root'
  | 'id-invalid'
  | 'id-repeated'
  | 'nothing-to-watch'
  | 'port-invalid'
  | 'prefix-too-wide'
  | 'too-many';

/** Why a plan is not carried out. Nothing of it is: a filter of half a plan would be believed. */
export interface EgressPlanProblem {
  readonly code: EgressPlanProblemCode;
  /** Which part, as `flows[2].endpoints[0].addresses[1]`. */
  readonly where: string;
  /** What is wrong, then what to do. */
  readonly message: string;
}
