import { ok, type Result } from '@mailwarden/kernel';
import type { FilterError } from '../nft/filter-error.js';
import type { CompiledEgress } from '../plan/compiled-egress.js';
import { joined, type IpRange } from '../plan/ip-prefix.js';
import type { StandingNames, TimedElement } from '../plan/transactions.js';
import { SEEN_SETS } from '../plan/table-names.js';
import { addressesOf, commentsOf, destinationsOf, namesOf, seenElement, shapeOf, type ListedItem } from './listing.js';

/** Whether the table stands as it was applied. `gone`: somebody took it away, as `nft flush ruleset` does. `altered`: it is there and differs, in words that name parts of our own table. */
export type Standing = { readonly state: 'stands' } | { readonly state: 'gone' } | { readonly state: 'altered'; readonly what: string } | { readonly state: 'not-applied' };

/** An address that expires within this time may be gone already: clocks of kernel and agent tick apart. Units: seconds. */
const EXPIRY_SLACK_SECONDS = 5;

const STANDS: Standing = { state: 'stands' };
const altered = (what: string): Standing => ({ state: 'altered', what });
const equal = (left: readonly string[], right: readonly string[]): boolean => left.length === right.length && left.every((text, index) => text === right[index]);
const rangeKey = ({ first, last }: IpRange): string => `${first}-${last}`;

/** Whether the table has our parts and no others. */
export function hasOnly(items: readonly ListedItem[], { sets, counters, chains }: StandingNames): boolean {
  const same = (kind: 'set' | 'counter' | 'chain' | 'map', wanted: readonly string[]): boolean => equal(namesOf(items, kind).sort(), [...wanted].sort());
  return same('set', sets) && same('counter', counters) && same('chain', chains) && same('map', []);
}

/** Compares a listing with what was applied: the shape that was listed then, the addresses of the plan, those of names that count still, and the destinations that were remembered. Errors: a listing that cannot be read. */
export function standingOf(items: readonly ListedItem[], applied: { readonly compiled: CompiledEgress; readonly shape: readonly string[]; readonly named: readonly TimedElement[]; readonly seen: readonly TimedElement[]; readonly wasGiven: (set: string, address: string) => boolean }): Result<Standing, FilterError> {
  const { compiled, shape, named, seen, wasGiven } = applied;
  if (!equal(commentsOf(items), compiled.marks)) return ok(altered('rules are missing, added or in another order'));
  if (!equal(shapeOf(items), shape)) return ok(altered('a rule, set, counter or chain is not as it was'));
  for (const { name, ranges } of compiled.fixedSets) {
    const listed = addressesOf(items, name);
    if (!listed.ok) return listed;
    if (!equal(joined(listed.value.map(({ range }) => range)).map(rangeKey), ranges.map(rangeKey))) return ok(altered(`the addresses in the set ${name} are not those of the plan`));
  }
  const counting = Map.groupBy(named.filter(({ seconds }) => seconds > EXPIRY_SLACK_SECONDS), ({ set }) => set);
  for (const set of compiled.namedSets) {
    const listed = addressesOf(items, set);
    if (!listed.ok) return listed;
    const there = new Set(listed.value.map(({ text }) => text));
    if (counting.get(set)?.some(({ element }) => !there.has(element)) === true) return ok(altered(`addresses are missing from the set ${set}`));
    if ([...there].some((address) => !wasGiven(set, address))) return ok(altered(`the set ${set} has addresses that nobody gave`));
  }
  const remembered = new Set<string>();
  for (const set of Object.values(SEEN_SETS)) {
    const listed = destinationsOf(items, set);
    if (!listed.ok) return listed;
    for (const destination of listed.value) for (const { element } of seenElement(destination)) remembered.add(element);
  }
  if (seen.some(({ element, seconds }) => seconds > EXPIRY_SLACK_SECONDS && !remembered.has(element))) return ok(altered('destinations that were remembered are gone'));
  return ok(STANDS);
}
