import { isIP } from 'node:net';
import { err, ok, type Result } from '@mailwarden/kernel';

export type IpFamily = 4 | 6;

/** A run of addresses of one family: one address, or all that begin with the same bits. The base has no bits beyond them. */
export interface IpPrefix {
  readonly family: IpFamily;
  readonly base: bigint;
  readonly bits: number;
}

/** Both ends belong to it. */
export interface IpRange {
  readonly first: bigint;
  readonly last: bigint;
}

const BITS: Readonly<Record<IpFamily, number>> = { 4: 32, 6: 128 };
/** `::ffff:0:0/96`: what is sent there leaves as IPv4. Source: RFC 4291, 2.5.5.2. */
const MAPPED = 0xffffn << 32n;
const MAPPED_BITS = 96;
const GROUP_BITS = 16n;

const numberOfV4 = (text: string): bigint => text.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);

function groupsOf(part: string): bigint[] {
  if (part === '') return [];
  return part.split(':').flatMap((group) => {
    if (!group.includes('.')) return [BigInt(`0x${group}`)];
    const value = numberOfV4(group);
    return [value >> GROUP_BITS, value & 0xffffn];
  });
}

function numberOfV6(text: string): bigint {
  const [head = '', tail] = text.split('::');
  const before = groupsOf(head);
  const after = tail === undefined ? [] : groupsOf(tail);
  const between = Array.from({ length: 8 - before.length - after.length }, () => 0n);
  return [...before, ...between, ...after].reduce((sum, group) => (sum << GROUP_BITS) | group, 0n);
}

const withoutRest = (value: bigint, family: IpFamily, bits: number): bigint => {
  const rest = BigInt(BITS[family] - bits);
  return (value >> rest) << rest;
};

/** Reads `192.0.2.7`, `192.0.2.0/24`, `2001:db8::/32`. Bits beyond the prefix are dropped; an IPv4 address written as IPv6 is an IPv4 address. Errors: what is wrong with it, without the text itself. */
export function parseIpPrefix(text: string): Result<IpPrefix, string> {
  const [address = '', length, ...more] = text.split('/');
  const family = isIP(address);
  if ((family !== 4 && family !== 6) || more.length > 0 || address.includes('%')) return err('it is no address and no prefix');
  if (length !== undefined && !/^(?:0|[1-9]\d{0,2})$/.test(length)) return err('what follows the slash is no number of bits');
  const bits = length === undefined ? BITS[family] : Number(length);
  if (bits > BITS[family]) return err(`a prefix of this family has at most ${BITS[family]} bits`);
  const value = family === 4 ? numberOfV4(address) : numberOfV6(address);
  if (family === 6 && bits >= MAPPED_BITS && withoutRest(value, 6, MAPPED_BITS) === MAPPED) {
    return ok({ family: 4, base: withoutRest(value & 0xffff_ffffn, 4, bits - MAPPED_BITS), bits: bits - MAPPED_BITS });
  }
  return ok({ family, base: withoutRest(value, family, bits), bits });
}

export const rangeOf = ({ family, base, bits }: IpPrefix): IpRange => ({ first: base, last: base | ((1n << BigInt(BITS[family] - bits)) - 1n) });

/** An address in the one form that this library compares: IPv6 in full, without leading zeros. */
export function addressText(family: IpFamily, value: bigint): string {
  const [parts, width, separator, radix] = family === 4 ? ([4, 8n, '.', 10] as const) : ([8, GROUP_BITS, ':', 16] as const);
  return Array.from({ length: parts }, (_, index) => ((value >> (width * BigInt(parts - 1 - index))) & ((1n << width) - 1n)).toString(radix)).join(separator);
}

export const prefixText = ({ family, base, bits }: IpPrefix): string => (bits === BITS[family] ? addressText(family, base) : `${addressText(family, base)}/${bits}`);

/** What of an address is told elsewhere: the network that it lies in. */
const TOLD_BITS: Readonly<Record<IpFamily, number>> = { 4: 24, 6: 48 };

/** The network of an address, as `192.0.2.0/24`; of what is none, nothing. */
export function networkText(address: string): string {
  const parsed = parseIpPrefix(address);
  if (!parsed.ok) return '';
  const bits = Math.min(parsed.value.bits, TOLD_BITS[parsed.value.family]);
  return prefixText({ family: parsed.value.family, base: withoutRest(parsed.value.base, parsed.value.family, bits), bits });
}

const ascending = (left: bigint, right: bigint): number => (left < right ? -1 : left > right ? 1 : 0);

/** The same addresses without what another prefix of the list holds already: the kernel refuses runs that overlap. Shape: one family, ascending. */
export function withoutContained(prefixes: readonly IpPrefix[]): IpPrefix[] {
  const kept: IpPrefix[] = [];
  let last: bigint | null = null;
  for (const prefix of [...prefixes].sort((left, right) => ascending(left.base, right.base) || left.bits - right.bits)) {
    if (last !== null && prefix.base <= last) continue;
    kept.push(prefix);
    ({ last } = rangeOf(prefix));
  }
  return kept;
}

/** The same addresses as the fewest runs, so that two lists that mean the same are equal. */
export function joined(ranges: readonly IpRange[]): IpRange[] {
  const runs: { first: bigint; last: bigint }[] = [];
  for (const { first, last } of [...ranges].sort((left, right) => ascending(left.first, right.first))) {
    const open = runs.at(-1);
    if (open === undefined || first > open.last + 1n) runs.push({ first, last });
    else if (last > open.last) open.last = last;
  }
  return runs;
}

/** Whether one of the runs, ascending and apart, holds the address. */
export function holds(runs: readonly IpRange[], address: bigint): boolean {
  let low = 0;
  let high = runs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const run = runs[middle];
    if (run === undefined || address < run.first) high = middle;
    else if (address > run.last) low = middle + 1;
    else return true;
  }
  return false;
}

/** Whether an address is of one of these addresses and prefixes. What is none of them, on either side, is not. */
export function heldBy(places: readonly string[]): (address: string) => boolean {
  const prefixes = places.flatMap((place) => {
    const parsed = parseIpPrefix(place);
    return parsed.ok ? [parsed.value] : [];
  });
  const runs = { 4: joined(prefixes.filter(({ family }) => family === 4).map(rangeOf)), 6: joined(prefixes.filter(({ family }) => family === 6).map(rangeOf)) };
  return (address) => {
    const parsed = parseIpPrefix(address);
    return parsed.ok && holds(runs[parsed.value.family], parsed.value.base);
  };
}
