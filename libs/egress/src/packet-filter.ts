import { err, ok, type Result } from '@mailwarden/kernel';
import type { FilterError } from './nft/filter-error.js';
import { nftOf, type RunNft } from './nft/run-nft.js';
import { Attributor, isPlaintext, type Attribution } from './observe/attribution.js';
import { addressesOf, countersOf, destinationsOf, namesOf, seenElement, parseListing, shapeOf, type Destination, type ListedDestination, type ListedItem } from './observe/listing.js';
import { hasOnly, standingOf, type Standing } from './observe/standing.js';
import { compileEgress, type CompiledEgress } from './plan/compiled-egress.js';
import type { EgressPlan, EgressPlanProblem } from './plan/egress-plan.js';
import { addressText, parseIpPrefix } from './plan/ip-prefix.js';
import { NamedAddresses } from './plan/named-addresses.js';
import { endpointSet, flowCounter, OVERFLOW_COUNTER, PORTLESS_COUNTER, SEEN_SETS, TABLE } from './plan/table-names.js';
import { changingTransaction, namesIn, refreshingTransaction, rememberingTransaction, removingTransaction, replacingTransaction, SEEN_SECONDS, type StandingNames, type TimedElement } from './plan/transactions.js';

/** What the filter of a host did not take, or why it could not be asked. */
export type EgressFailure = { readonly kind: 'plan'; readonly problems: readonly EgressPlanProblem[] } | { readonly kind: 'filter'; readonly error: FilterError };

/** A destination that an account of the plan sent to since it is remembered, or tried to. */
export interface SeenDestination extends Destination {
  readonly packets: number;
  readonly bytes: number;
  /** When the last packet left, within a second. Units: epoch milliseconds. */
  readonly lastAtMs: number;
  readonly attribution: Attribution;
  /** Whether its port is one on which nothing is ever encrypted. */
  readonly plaintext: boolean;
}

export interface FlowCount {
  readonly id: string;
  readonly effect: 'allowed' | 'refused';
  readonly packets: number;
  readonly bytes: number;
}

export interface Seen {
  readonly destinations: readonly SeenDestination[];
  readonly flows: readonly FlowCount[];
  /** Packets to destinations for which there was no room. Above zero, the list is not all that was sent. */
  readonly overflowPackets: number;
  /** Packets of protocols without ports, which are counted and not remembered. */
  readonly portlessPackets: number;
}

export interface PacketFilterOptions {
  /** Absolute paths of nft; the first that is there and nobody else's to change is run. */
  readonly programs?: readonly string[];
  /** Units: epoch milliseconds. */
  readonly now: () => number;
}

interface Applied {
  readonly compiled: CompiledEgress;
  readonly shape: readonly string[];
  readonly attributor: Attributor;
}

const MS = 1_000;
/** Listings after which a table is made anew: there is none, or one that this nft cannot read, as one of another version. */
const MADE_ANEW: ReadonlySet<FilterError['code']> = new Set(['no-table', 'refused', 'unreadable']);
/** What may be a name of nft's language. Others can be given through netlink; then the table is made anew. */
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

const filterFailure = (error: FilterError): { readonly ok: false; readonly error: EgressFailure } => err({ kind: 'filter', error });

/**
 * The host's packet filter, as far as it is ours: one nftables table, made from a plan. It remembers what it applied, so that it can tell and mend what somebody else did to it. One for each host; calls wait for one another.
 * Errors: in words that say what to do. A transaction that failed changed nothing; where only the look at it failed afterwards, `look` and `restore` go by the new plan.
 * Safety: mail is let through before anything is refused, whatever the plan says. No other table is named.
 */
export class PacketFilter {
  readonly #run: RunNft;
  readonly #now: () => number;
  readonly #named = new NamedAddresses();
  /** Destinations at the last listing, for a table that is made anew and to tell whether somebody made it forget. Units: `untilMs` in epoch milliseconds. */
  #lastSeen: readonly { readonly set: string; readonly element: string; readonly untilMs: number }[] = [];
  #applied: Applied | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor({ programs, now }: PacketFilterOptions) {
    this.#run = nftOf(programs);
    this.#now = now;
  }

  /** Makes the table what the plan says, in one transaction. Where one of ours stands, what it remembers and counts is kept. Once something was applied, the transaction comes first and the look at it afterwards, so that a refusal does not wait. */
  apply(plan: EgressPlan): Promise<Result<{ readonly digest: string }, EgressFailure>> {
    return this.#inTurn(async () => {
      const compiled = compileEgress(plan);
      if (!compiled.ok) return err({ kind: 'plan', problems: compiled.error });
      const before = this.#applied === null ? await this.#found(compiled.value) : ok(namesIn(this.#applied.compiled));
      if (!before.ok) return filterFailure(before.error);
      this.#named.keepOnly(compiled.value.namedSets, this.#now());
      const changed = before.value === null ? await this.#replace(compiled.value) : await this.#change(compiled.value, before.value);
      if (!changed.ok) return filterFailure(changed.error);
      return ok({ digest: compiled.value.digest });
    });
  }

  /** Whether the table stands as applied. Somebody else's flush, deletion or change shows here. */
  look(): Promise<Result<Standing, FilterError>> {
    return this.#inTurn(async () => {
      if (this.#applied === null) return ok({ state: 'not-applied' });
      const listed = await this.#list();
      if (!listed.ok) return listed.error.code === 'no-table' ? ok({ state: 'gone' }) : listed;
      const { compiled, shape } = this.#applied;
      const standing = this.#compared(listed.value, compiled, shape);
      // What somebody made the table forget is kept, to be given back.
      if (standing.ok && standing.value.state === 'stands') this.#note(listed.value);
      return standing;
    });
  }

  /** Makes the table anew as it was applied last, with the addresses of names that count still and the destinations of the last reading. Counters begin at zero. */
  restore(): Promise<Result<Standing, FilterError>> {
    return this.#inTurn(async () => {
      if (this.#applied === null) return ok({ state: 'not-applied' });
      const replaced = await this.#replace(this.#applied.compiled);
      return replaced.ok ? ok({ state: 'stands' }) : replaced;
    });
  }

  /** Takes the table away. Nothing is wrong where there is none. */
  remove(): Promise<Result<null, FilterError>> {
    return this.#inTurn(async () => {
      const removed = await this.#run(['-f', '-'], removingTransaction());
      if (!removed.ok) return removed;
      this.#applied = null;
      this.#lastSeen = [];
      this.#named.keepOnly([], this.#now());
      return ok(null);
    });
  }

  /**
   * Takes in addresses that a name of an endpoint resolved to, or lets them count on. Bounded: what finds no room is told in `notAdded`.
   * Units: seconds, held to between a minute and a week. Errors: `refused` where the plan has no such endpoint.
   */
  addAddresses(flowId: string, endpointId: string, addresses: readonly { readonly address: string; readonly seconds: number }[]): Promise<Result<{ readonly added: number; readonly notAdded: number }, FilterError>> {
    return this.#inTurn(async () => {
      const sets = { 4: endpointSet('named', 4, flowId, endpointId), 6: endpointSet('named', 6, flowId, endpointId) } as const;
      if (this.#applied === null || !this.#applied.compiled.namedSets.includes(sets[4])) return err({ code: 'refused', message: 'the plan that stands has no such endpoint; apply one that has it' });
      const elements = new Map<string, TimedElement>();
      let notAdded = 0;
      for (const { address, seconds } of addresses) {
        const parsed = parseIpPrefix(address);
        const isOne = parsed.ok && parsed.value.bits === (parsed.value.family === 4 ? 32 : 128);
        const element = isOne ? addressText(parsed.value.family, parsed.value.base) : null;
        const counts = isOne && element !== null ? this.#named.add(sets[parsed.value.family], element, seconds, this.#now()) : null;
        if (!isOne || element === null || counts === null) notAdded += 1;
        else elements.set(element, { set: sets[parsed.value.family], element, seconds: counts });
      }
      if (elements.size === 0) return ok({ added: 0, notAdded });
      const ran = await this.#run(['-f', '-'], refreshingTransaction([...elements.values()]));
      return ran.ok ? ok({ added: elements.size, notAdded }) : ran;
    });
  }

  /** Remembers connections that were open before the table stood, so that a refusal of everything ends them too. The caller reads them from the host's socket table. */
  remember(open: readonly Destination[]): Promise<Result<null, FilterError>> {
    return this.#inTurn(async () => {
      const observed = this.#applied?.compiled.plan.observed ?? [];
      const elements = open.filter(({ account }) => observed.includes(account)).flatMap(seenElement);
      if (elements.length === 0) return ok(null);
      const ran = await this.#run(['-f', '-'], rememberingTransaction(elements));
      return ran.ok ? ok(null) : ran;
    });
  }

  /** What the accounts sent to, what each flow counts, and whether there was more than could be remembered. */
  seen(): Promise<Result<Seen, FilterError>> {
    return this.#inTurn(async () => {
      if (this.#applied === null) return err({ code: 'no-table', message: 'nothing was applied yet; apply a plan first' });
      const listed = await this.#list();
      if (!listed.ok) return listed;
      const destinations = allDestinations(listed.value);
      if (!destinations.ok) return destinations;
      const counters = countersOf(listed.value);
      const standing = this.#compared(listed.value, this.#applied.compiled, this.#applied.shape);
      if (!standing.ok) return standing;
      if (standing.value.state !== 'stands') return err({ code: 'no-table', message: 'the table inet mailwarden is not as it was applied; look at it, and restore it' });
      return ok(this.#told(this.#applied, destinations.value, counters));
    });
  }

  #told({ compiled, attributor }: Applied, destinations: readonly ListedDestination[], counters: ReturnType<typeof countersOf>): Seen {
    const nowMs = this.#now();
    const count = (name: string): { readonly packets: number; readonly bytes: number } => counters.get(name) ?? { packets: 0, bytes: 0 };
    return {
      destinations: destinations.filter(({ account }) => compiled.plan.observed.includes(account)).map(({ expiresSeconds, ...destination }) => ({
        ...destination,
        lastAtMs: nowMs - (SEEN_SECONDS - (expiresSeconds ?? SEEN_SECONDS)) * MS,
        attribution: attributor.of(destination, nowMs),
        plaintext: isPlaintext(destination.protocol, destination.port),
      })),
      flows: compiled.plan.flows.map(({ id, effect }) => ({ id, effect, ...count(flowCounter(effect, id)) })),
      overflowPackets: count(OVERFLOW_COUNTER).packets,
      portlessPackets: count(PORTLESS_COUNTER).packets,
    };
  }

  #note(items: readonly ListedItem[]): void {
    const destinations = allDestinations(items);
    if (!destinations.ok) return;
    const nowMs = this.#now();
    this.#lastSeen = destinations.value.flatMap((destination) => seenElement(destination).map((place) => ({ ...place, untilMs: nowMs + (destination.expiresSeconds ?? SEEN_SECONDS) * MS })));
  }

  /** What was remembered at the last listing of accounts that are still observed, and is not old enough to be forgotten. */
  #remembered(compiled: CompiledEgress): TimedElement[] {
    const observed = new Set(compiled.plan.observed.map(String));
    const nowMs = this.#now();
    return this.#lastSeen.flatMap(({ set, element, untilMs }) => (untilMs > nowMs && observed.has(element.split(' ')[0] ?? '') ? [{ set, element, seconds: Math.ceil((untilMs - nowMs) / MS) }] : []));
  }

  /** Addresses of names that a table of an earlier process holds are known to this one too. */
  #adopt(compiled: CompiledEgress, items: readonly ListedItem[]): void {
    for (const set of compiled.namedSets) {
      const addresses = addressesOf(items, set);
      if (!addresses.ok) continue;
      for (const { text, expiresSeconds } of addresses.value) if (expiresSeconds !== null) this.#named.add(set, text, expiresSeconds, this.#now());
    }
  }

  /** What stands of an earlier process, taken note of; null where the table is made anew. */
  async #found(compiled: CompiledEgress): Promise<Result<StandingNames | null, FilterError>> {
    const listed = await this.#list();
    if (!listed.ok) return MADE_ANEW.has(listed.error.code) ? ok(null) : listed;
    this.#adopt(compiled, listed.value);
    this.#note(listed.value);
    const names = { sets: namesOf(listed.value, 'set'), counters: namesOf(listed.value, 'counter'), chains: namesOf(listed.value, 'chain') };
    const strange = [...names.sets, ...names.counters, ...names.chains].some((name) => !IDENTIFIER.test(name)) || namesOf(listed.value, 'map').length > 0;
    return ok(strange ? null : names);
  }

  async #change(compiled: CompiledEgress, before: StandingNames): Promise<Result<null, FilterError>> {
    const ran = await this.#run(['-f', '-'], changingTransaction(compiled, before));
    if (ran.ok) {
      const noted = await this.#takeNote(compiled);
      if (!noted.ok || noted.value === 'stands') return noted.ok ? ok(null) : noted;
    } else if (!MADE_ANEW.has(ran.error.code)) return ran;
    // The table was not what it was taken for: somebody took it away, emptied it or added to it.
    return this.#replace(compiled);
  }

  async #replace(compiled: CompiledEgress): Promise<Result<null, FilterError>> {
    const ran = await this.#run(['-f', '-'], replacingTransaction(compiled, [...this.#named.counting(compiled.namedSets, this.#now()), ...this.#remembered(compiled)]));
    if (!ran.ok) return ran;
    const noted = await this.#takeNote(compiled);
    if (!noted.ok) return noted;
    if (noted.value === 'stands') return ok(null);
    return err({ code: 'refused', message: 'somebody changes the table inet mailwarden while it is applied; look for another program that does, and apply again' });
  }

  /** Lists what was just applied: what it looks like now is what it must look like later. Until it was listed it counts as altered, so that a restoring makes this plan anew and never the one before. */
  async #takeNote(compiled: CompiledEgress): Promise<Result<Standing['state'], FilterError>> {
    const attributor = new Attributor(compiled.plan, this.#named);
    this.#applied = { compiled, shape: [], attributor };
    const listed = await this.#list();
    if (!listed.ok) return listed.error.code === 'no-table' ? ok('gone') : listed;
    if (!hasOnly(listed.value, namesIn(compiled))) return ok('altered');
    const shape = shapeOf(listed.value);
    const standing = this.#compared(listed.value, compiled, shape);
    if (!standing.ok || standing.value.state !== 'stands') return standing.ok ? ok(standing.value.state) : standing;
    this.#note(listed.value);
    this.#applied = { compiled, shape, attributor };
    return ok('stands');
  }

  #compared(items: readonly ListedItem[], compiled: CompiledEgress, shape: readonly string[]): Result<Standing, FilterError> {
    return standingOf(items, { compiled, shape, named: this.#named.counting(compiled.namedSets, this.#now()), seen: this.#remembered(compiled), wasGiven: (set, address) => this.#named.has(set, address) });
  }

  /** Always the whole table: nft 1.0.6 mixes up sets that are listed one by one in one call. */
  async #list(): Promise<Result<readonly ListedItem[], FilterError>> {
    const ran = await this.#run(['-j', `list table ${TABLE}`], '');
    return ran.ok ? parseListing(ran.value) : ran;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

function allDestinations(items: readonly ListedItem[]): Result<readonly ListedDestination[], FilterError> {
  const v4 = destinationsOf(items, SEEN_SETS[4]);
  const v6 = destinationsOf(items, SEEN_SETS[6]);
  if (!v4.ok) return v4;
  return v6.ok ? ok([...v4.value, ...v6.value]) : v6;
}
