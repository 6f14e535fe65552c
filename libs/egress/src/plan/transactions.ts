import type { CompiledEgress } from './compiled-egress.js';
import type { IpFamily } from './ip-prefix.js';
import { CHAIN, SEEN_SETS, TABLE } from './table-names.js';

/** Destinations that are remembered of each family. More at once is told as overflow. */
export const SEEN_DESTINATIONS_MAX = 8_192;
/** How long a destination is remembered after its last packet. Units: seconds. */
export const SEEN_SECONDS = 86_400;
/** Room of a set of names: twice what is ever in it, for the kernel counts what expired until it tidies up. */
export const NAMED_SET_SIZE = 32_768;
/** After the host's own filter: what that one stops was not sent. */
const PRIORITY = 10;
const FAMILIES: readonly IpFamily[] = [4, 6];

/** What stands in our table before a change. */
export interface StandingNames {
  readonly sets: readonly string[];
  readonly counters: readonly string[];
  readonly chains: readonly string[];
}

/** What stands where a plan was applied. */
export const namesIn = ({ fixedSets, namedSets, counters }: CompiledEgress): StandingNames => ({ sets: [...Object.values(SEEN_SETS), ...fixedSets.map(({ name }) => name), ...namedSets], counters, chains: [CHAIN] });

/** One address that a name resolved to, or one destination, with how long it still counts. Shape: `element` as the packet filter writes it. */
export interface TimedElement {
  readonly set: string;
  readonly element: string;
  readonly seconds: number;
}

const ADDRESS_TYPE: Readonly<Record<IpFamily, string>> = { 4: 'ipv4_addr', 6: 'ipv6_addr' };
const familyOf = (set: string): IpFamily => (/^[a-z]+4/.test(set) ? 4 : 6);

function declarations({ fixedSets, namedSets, counters }: CompiledEgress): string[] {
  return [
    ...FAMILIES.map((family) => `add set ${TABLE} ${SEEN_SETS[family]} { type uid . ${ADDRESS_TYPE[family]} . inet_proto . inet_service; flags dynamic,timeout; size ${SEEN_DESTINATIONS_MAX}; timeout ${SEEN_SECONDS}s; counter; }`),
    ...counters.map((name) => `add counter ${TABLE} ${name}`),
    ...fixedSets.flatMap(({ name, elements }) => [
      `add set ${TABLE} ${name} { type ${ADDRESS_TYPE[familyOf(name)]}; flags interval; }`,
      `flush set ${TABLE} ${name}`,
      `add element ${TABLE} ${name} { ${elements.join(', ')} }`,
    ]),
    ...namedSets.map((name) => `add set ${TABLE} ${name} { type ${ADDRESS_TYPE[familyOf(name)]}; flags timeout; size ${NAMED_SET_SIZE}; }`),
  ];
}

const chain = `add chain ${TABLE} ${CHAIN} { type filter hook output priority ${PRIORITY}; policy accept; }`;
const ruleLines = ({ rules, marks }: CompiledEgress): string[] => rules.map((rule, index) => `add rule ${TABLE} ${CHAIN} ${rule} comment "${marks[index] ?? ''}"`);
const text = (lines: readonly string[]): string => `${lines.join('\n')}\n`;

/** The table made anew in one transaction: what was in it before is gone, but for what is given. Safety: it stands as a whole or not at all, and names no other table. */
export function replacingTransaction(compiled: CompiledEgress, elements: readonly TimedElement[]): string {
  return text([`add table ${TABLE}`, `delete table ${TABLE}`, `add table ${TABLE}`, chain, ...declarations(compiled), ...adding(elements), ...ruleLines(compiled)]);
}

/** The rules changed in one transaction; remembered destinations, counters of flows that stay, and addresses of names are kept. */
export function changingTransaction(compiled: CompiledEgress, standing: StandingNames): string {
  const sets = new Set(namesIn(compiled).sets);
  const counters = new Set(compiled.counters);
  return text([
    `add table ${TABLE}`,
    chain,
    `flush table ${TABLE}`,
    ...standing.chains.filter((name) => name !== CHAIN).map((name) => `delete chain ${TABLE} ${name}`),
    ...standing.sets.filter((name) => !sets.has(name)).map((name) => `delete set ${TABLE} ${name}`),
    ...standing.counters.filter((name) => !counters.has(name)).map((name) => `delete counter ${TABLE} ${name}`),
    ...declarations(compiled),
    ...ruleLines(compiled),
  ]);
}

/** Takes the table away; nothing is wrong where there is none. */
export const removingTransaction = (): string => text([`add table ${TABLE}`, `delete table ${TABLE}`]);

/** One command for each set. Shape: the elements of a set are told apart by their text. */
function bySet<T extends { readonly set: string }>(elements: readonly T[], command: (set: string, own: readonly T[]) => readonly string[]): string[] {
  return [...Map.groupBy(elements, ({ set }) => set)].flatMap(([set, own]) => command(set, own));
}

const withTimes = (own: readonly TimedElement[]): string => own.map(({ element, seconds }) => `${element} timeout ${seconds}s`).join(', ');
const adding = (elements: readonly TimedElement[]): string[] => bySet(elements, (set, own) => [`add element ${TABLE} ${set} { ${withTimes(own)} }`]);

/** Adds what may be there already, and lets it count as long as said from now on. Older kernels keep the first time of an element that is added again, so it is taken away in between: one transaction, in which no packet falls. */
export function refreshingTransaction(elements: readonly TimedElement[]): string {
  return text(
    bySet(elements, (set, own) => {
      const plain = own.map(({ element }) => element).join(', ');
      return [`add element ${TABLE} ${set} { ${plain} }`, `delete element ${TABLE} ${set} { ${plain} }`, `add element ${TABLE} ${set} { ${withTimes(own)} }`];
    }),
  );
}

/** Adds destinations without touching those that are there: their counts and times go on. */
export const rememberingTransaction = (elements: readonly Omit<TimedElement, 'seconds'>[]): string => text(bySet(elements, (set, own) => [`add element ${TABLE} ${set} { ${own.map(({ element }) => element).join(', ')} }`]));
