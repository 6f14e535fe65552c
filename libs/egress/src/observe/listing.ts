import { canonicalJson, err, ok, type Result } from '@mailwarden/kernel';
import { z } from 'zod';
import type { FilterError } from '../nft/filter-error.js';
import { addressText, parseIpPrefix, rangeOf, type IpRange } from '../plan/ip-prefix.js';
import { SEEN_SETS } from '../plan/table-names.js';

const address = z.string();
const value = z.union([
  address.transform((text) => ({ from: text, to: text })),
  z.object({ prefix: z.object({ addr: address, len: z.number().int() }) }).transform(({ prefix }) => ({ from: `${prefix.addr}/${prefix.len}`, to: `${prefix.addr}/${prefix.len}` })),
  z.object({ range: z.tuple([address, address]) }).transform(({ range: [from, to] }) => ({ from, to })),
]);
const counts = z.object({ packets: z.number().int().nonnegative(), bytes: z.number().int().nonnegative() });
const NO_COUNTS = { packets: 0, bytes: 0 };
const protocol = z.union([z.string(), z.number().int()]).transform(String);

const addressElement = z.union([value.transform((val) => ({ val, expires: null })), z.object({ elem: z.object({ val: value, expires: z.number().optional() }) }).transform(({ elem }) => ({ val: elem.val, expires: elem.expires ?? null }))]);
const destinationElement = z.object({
  elem: z.object({
    val: z.object({ concat: z.tuple([z.number().int(), address, protocol, z.number().int()]) }),
    timeout: z.number().optional(),
    expires: z.number().optional(),
    counter: counts.default(NO_COUNTS),
  }),
});

const named = z.looseObject({ name: z.string() });
/** One part of a table, by its kind. What is of no use here is kept as it is, so that a change of it shows. */
const item = z.looseObject({
  chain: named.optional(),
  map: named.optional(),
  set: z.looseObject({ name: z.string(), elem: z.array(z.unknown()).default([]) }).optional(),
  counter: z.looseObject({ name: z.string(), ...counts.shape }).optional(),
  rule: z.looseObject({ comment: z.string().default('') }).optional(),
});
const document = z.object({ nftables: z.array(item) });

export type ListedItem = z.output<typeof item>;

/** What nft listed: one document a command. Errors: where it is no listing. */
export function parseListing(text: string): Result<readonly ListedItem[], FilterError> {
  const items: ListedItem[] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    try {
      items.push(...document.parse(JSON.parse(line)).nftables);
    } catch {
      return unreadable;
    }
  }
  return ok(items);
}

const unreadable = err<FilterError>({ code: 'unreadable', message: 'nft listed what this version does not understand; install nftables 0.9.8 or newer, with JSON' });

/** Members that differ from one look to the next, though nobody changed anything. */
const FLEETING = new Set(['handle', 'packets', 'bytes', 'elem', 'index']);

/** Each part of the table as a line that is equal as long as nobody changed it. Elements of sets and counts are left out; rules come last, in their order. */
export function shapeOf(items: readonly ListedItem[]): string[] {
  const lines = items.flatMap((part) => {
    const [kind, body] = Object.entries(part).find(([, member]) => member !== undefined) ?? [];
    if (kind === undefined || kind === 'metainfo' || kind === 'element') return [];
    const lasting = typeof body === 'object' && body !== null ? Object.fromEntries(Object.entries(body).filter(([key]) => !FLEETING.has(key))) : body;
    return [`${kind} ${canonicalJson(lasting)}`];
  });
  const isRule = (line: string): boolean => line.startsWith('rule ');
  return [...lines.filter((line) => !isRule(line)).sort(), ...lines.filter(isRule)];
}

export const namesOf = (items: readonly ListedItem[], kind: 'set' | 'chain' | 'counter' | 'map'): string[] => items.flatMap((part) => part[kind]?.name ?? []);
export const commentsOf = (items: readonly ListedItem[]): string[] => items.flatMap(({ rule }) => (rule === undefined ? [] : [rule.comment]));

/** Packets and bytes of each counter, by its name. */
export function countersOf(items: readonly ListedItem[]): Map<string, { readonly packets: number; readonly bytes: number }> {
  return new Map(items.flatMap(({ counter }) => (counter === undefined ? [] : [[counter.name, { packets: counter.packets, bytes: counter.bytes }]])));
}

/** An address or prefix that a set holds; for how long still, in seconds, where it ages. */
export interface ListedAddress {
  readonly range: IpRange;
  /** Its first address, in the form that this library compares. */
  readonly text: string;
  readonly expiresSeconds: number | null;
}

function elementsOf<T>(items: readonly ListedItem[], set: string, form: z.ZodType<T>): Result<T[], FilterError> {
  const own = items.find((part) => part.set?.name === set)?.set;
  if (own === undefined) return err({ code: 'no-table', message: 'the table inet mailwarden has lost a set; look at it, and restore it' });
  const parsed = z.array(form).safeParse(own.elem);
  return parsed.success ? ok(parsed.data) : unreadable;
}

/** What a set of addresses holds. */
export function addressesOf(items: readonly ListedItem[], set: string): Result<readonly ListedAddress[], FilterError> {
  const elements = elementsOf(items, set, addressElement);
  if (!elements.ok) return elements;
  const found: ListedAddress[] = [];
  for (const { val, expires } of elements.value) {
    const from = parseIpPrefix(val.from);
    const to = parseIpPrefix(val.to);
    if (!from.ok || !to.ok) return unreadable;
    found.push({ range: { first: rangeOf(from.value).first, last: rangeOf(to.value).last }, text: addressText(from.value.family, from.value.base), expiresSeconds: expires });
  }
  return ok(found);
}

/** Where an account sent to. */
export interface Destination {
  readonly account: number;
  readonly address: string;
  /** As the host calls it: `tcp`, `udp`, or a number. */
  readonly protocol: string;
  readonly port: number;
}

/** One remembered destination as it is listed. */
export interface ListedDestination extends Destination {
  readonly packets: number;
  readonly bytes: number;
  /** Until it is forgotten; null where the listing says none. Units: seconds. */
  readonly expiresSeconds: number | null;
}

export function destinationsOf(items: readonly ListedItem[], set: string): Result<readonly ListedDestination[], FilterError> {
  const elements = elementsOf(items, set, destinationElement);
  if (!elements.ok) return elements;
  return ok(elements.value.map(({ elem: { val, counter, expires } }) => ({ account: val.concat[0], address: val.concat[1], protocol: val.concat[2], port: val.concat[3], ...counter, expiresSeconds: expires ?? null })));
}

/** A destination as an element of its set; none where it is no destination of a protocol with ports. */
export function seenElement({ account, address, protocol, port }: Destination): { readonly set: string; readonly element: string }[] {
  const parsed = parseIpPrefix(address);
  if (!parsed.ok || !/^(?:[a-z]{1,10}|\d{1,3})$/.test(protocol) || ![account, port].every((number) => Number.isSafeInteger(number) && number >= 0)) return [];
  const { family, base } = parsed.value;
  return [{ set: SEEN_SETS[family], element: `${account} . ${addressText(family, base)} . ${protocol} . ${port}` }];
}
