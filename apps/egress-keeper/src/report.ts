import { UNDECLARED_DESTINATIONS_MAX, type EgressObservation, type UndeclaredDestination } from '@mailwarden/contracts';
import { networkText, type Seen, type SeenDestination } from '@mailwarden/egress';
import { instantOf } from '@mailwarden/kernel';
import { everythingId, flowId, type ProductDecision } from './plan-of-host.js';

/** How the filter stands, whatever it saw. */
export interface FilterState {
  /** Null where it stands. */
  readonly trouble: string | null;
  readonly restored: number;
  /** Why flows are not covered by the addresses that are known, by their id in the plan. */
  readonly uncovered: ReadonlyMap<string, string>;
}

const NOTHING_SEEN: Seen = { destinations: [], flows: [], overflowPackets: 0, portlessPackets: 0 };
/** Longest sentence of a report. Units: characters. */
export const SENTENCE_MAX = 500;

/** Destinations of one network, protocol and port are one. */
function undeclaredOf(destinations: readonly SeenDestination[]): UndeclaredDestination[] {
  const groups = Map.groupBy(destinations, ({ address, protocol, port }) => `${networkText(address)} ${protocol} ${port}`);
  return [...groups.values()]
    .flatMap((group) => {
      const [first] = group;
      if (first === undefined) return [];
      const sum = (of: (one: SeenDestination) => number): number => group.reduce((total, one) => total + of(one), 0);
      return [{ network: networkText(first.address), protocol: first.protocol, port: first.port, packets: sum(({ packets }) => packets), bytes: sum(({ bytes }) => bytes), plaintext: first.plaintext, lastAt: instantOf(Math.max(...group.map(({ lastAtMs }) => lastAtMs))) }];
    })
    .sort((left, right) => right.packets - left.packets);
}

/** What the filter does for one product, and what its accounts sent. Privacy: networks, not addresses. */
export function observationOf(product: ProductDecision, state: FilterState, seen: Seen | null): EgressObservation {
  const { destinations, flows, overflowPackets } = seen ?? NOTHING_SEEN;
  const own = destinations.filter(({ account }) => product.accounts.includes(account));
  const undeclared = undeclaredOf(own.filter(({ attribution }) => attribution.kind === 'undeclared'));
  const attributed = (id: string): SeenDestination[] => own.filter(({ attribution: { kind, flows: of } }) => kind === 'declared' && of.includes(id));
  return {
    filter: state.trouble === null ? 'stands' : 'failed',
    trouble: state.trouble?.slice(0, SENTENCE_MAX) ?? null,
    restored: state.restored,
    flows: product.flows.map(({ flow, effect, because, enforced, liftedUntil, endpoints }) => {
      const id = flowId(product.profile, flow);
      const toIt = attributed(id);
      const refused = flows.filter((one) => one.effect === 'refused' && (one.id === id || one.id === everythingId(product.profile, flow)));
      const uncovered = effect === 'refused' ? state.uncovered.get(id) : undefined;
      return {
        id: flow,
        effect,
        because: (uncovered === undefined ? because : `${because}; ${uncovered}`).slice(0, SENTENCE_MAX),
        enforced: enforced && state.trouble === null && uncovered === undefined,
        liftedUntil,
        located: endpoints !== 'any' && endpoints.length > 0 && !state.uncovered.has(id),
        refusedPackets: refused.reduce((sum, { packets }) => sum + packets, 0),
        destinations: toIt.length,
        plaintextDestinations: toIt.filter(({ plaintext }) => plaintext).length,
        lastAt: toIt.length === 0 ? null : instantOf(Math.max(...toIt.map(({ lastAtMs }) => lastAtMs))),
      };
    }),
    undeclared: undeclared.slice(0, UNDECLARED_DESTINATIONS_MAX),
    undeclaredMore: Math.max(0, undeclared.length - UNDECLARED_DESTINATIONS_MAX),
    unlocated: own.filter(({ attribution }) => attribution.kind === 'possible').length,
    overflowPackets,
  };
}
