import type { Profile } from '@mailwarden/catalogue';
import type { EgressReport, EgressTask } from '@mailwarden/contracts';
import type { EgressFailure, PacketFilter, Seen } from '@mailwarden/egress';
import { canonicalJson, type Instant, type ProfileId } from '@mailwarden/kernel';
import type { readHostFacts } from './host-facts.js';
import { NameUpkeep } from './name-upkeep.js';
import type { KnownNames } from './known-names.js';
import { openConnections } from './open-connections.js';
import { planOfHost, type HostPlan } from './plan-of-host.js';
import { observationOf, SENTENCE_MAX } from './report.js';
import type { StandingDocuments } from './standing-documents.js';

const MS = 1_000;
/** Addresses of names are told to the filter again long before they run out there. Units: milliseconds. */
const TELL_AGAIN_MS = 3_600_000;

const wordsOf = (failure: EgressFailure): string => (failure.kind === 'filter' ? failure.error.message : failure.problems.map(({ where, message }) => `${where}: ${message}`).join('; '));
const saidBy = (cause: unknown): string => (cause instanceof Error ? cause.message : 'unknown');

/** What the keeper needs of the host that it keeps the filter of. */
export interface KeeperParts {
  readonly filter: PacketFilter;
  readonly documents: StandingDocuments;
  readonly names: KnownNames;
  readonly profiles: ReadonlyMap<ProfileId, Profile>;
  readonly facts: () => ReturnType<typeof readHostFacts>;
  /** Until when the host's administrator lets everything flow. */
  readonly liftedUntil: () => Instant | null;
  readonly lookEverySeconds: number;
  readonly resolveEverySeconds: number;
  readonly say: (line: string) => void;
}

/**
 * Keeps the packet filter as the newest policy and consent say: makes it, looks at it again and again, mends what somebody else did to it, and takes it away where no policy asks for one.
 * One thing at a time. What was refused stays refused while nothing newer is known, also when the bundle has expired and when nobody speaks to the keeper.
 */
export class Keeper {
  readonly #upkeep: NameUpkeep;
  #host: HostPlan | null = null;
  /** The plan that stands, as text; null where none does, undefined where that is not known: an earlier keeper may have left one. */
  #standing: string | null | undefined;
  #trouble: string | null = null;
  #restored = 0;
  /** Why flows are not covered by the addresses that are known, by their id. */
  #uncovered: ReadonlyMap<string, string> = new Map();
  #toldAtMs = 0;
  #resolvers: readonly string[] = [];
  /** Numbers of the accounts of products, as they were known last. */
  readonly #accounts = new Map<string, number>();
  #timer: NodeJS.Timeout | null = null;
  #isTicking = false;
  #wasMade = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly parts: KeeperParts) {
    const { names: known, filter, resolveEverySeconds, say } = parts;
    this.#upkeep = new NameUpkeep({ known, filter, everyMs: resolveEverySeconds * MS, say });
  }

  async start(): Promise<void> {
    await this.#inTurn(() => this.#keep());
    this.#timer = setInterval(() => this.#tick(), this.parts.lookEverySeconds * MS);
  }

  /** The filter stays: who ends the keeper does not open what was refused. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#turn;
    await this.#upkeep.stop();
  }

  /** Acts on what an agent tells, and answers once the filter stands by it. */
  follow(task: EgressTask): Promise<EgressReport> {
    return this.#inTurn(async () => {
      const refused = this.#accept(task);
      await this.#keep();
      return this.#report(refused);
    });
  }

  /** A busy host takes longer for a look than until the next: then that one is left out. */
  #tick(): void {
    if (this.#isTicking) return;
    this.#isTicking = true;
    void this.#inTurn(async () => {
      await this.#keep();
      await this.#look();
    }).finally(() => (this.#isTicking = false));
  }

  #accept(task: EgressTask): string[] {
    try {
      return this.parts.documents.accept(task);
    } catch (cause) {
      return [`it counts, and could not be kept on disk: ${saidBy(cause)}`.slice(0, SENTENCE_MAX)];
    }
  }

  /** Makes the filter what it should be now: policies are lifted for a time, grants end by themselves, and accounts and name servers of a host change. */
  async #keep(): Promise<void> {
    try {
      const { documents, profiles } = this.parts;
      const facts = await this.parts.facts();
      // A file that is gone for a moment must not have the host's name servers refused.
      if (facts.resolvers.length > 0) this.#resolvers = facts.resolvers;
      const here = { ...facts, resolvers: this.#resolvers, accounts: this.#withGone(facts.accounts) };
      const host = planOfHost({ bundle: documents.bundle, entries: documents.entries, agreements: documents.agreements, profiles, facts: here, liftedUntil: this.parts.liftedUntil(), at: documents.judgedAt(Date.now()) });
      if (host === 'nothing-asked') return await this.#takeAway();
      // What stands goes on to stand: accounts come back, and whose they were is refused until then.
      if (host === 'no-accounts') return this.#fail('none of the accounts that policy is about is on this host');
      this.#host = host;
      await this.#apply(host);
      this.#upkeep.ask(host.names, here);
      if (this.#upkeep.takeNews() || Date.now() - this.#toldAtMs > TELL_AGAIN_MS) await this.#tellNames(host);
    } catch (cause) {
      this.#fail(saidBy(cause));
    }
  }

  /** An account of a product that is gone for a moment keeps its number, as long as nobody else has it: its processes go on to run. */
  #withGone(accounts: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
    const taken = new Set(accounts.values());
    const all = new Map(accounts);
    for (const [name, number] of this.#accounts) if (!accounts.has(name) && !taken.has(number)) all.set(name, number);
    for (const { accounts: own } of this.parts.profiles.values()) for (const name of [own.service, ...own.others]) if (all.has(name)) this.#accounts.set(name, all.get(name) ?? 0);
    return all;
  }

  async #apply(host: HostPlan): Promise<void> {
    const wanted = canonicalJson(host.plan);
    if (wanted === this.#standing) return;
    const applied = await this.parts.filter.apply(host.plan);
    if (!applied.ok) return this.#fail(wordsOf(applied.error));
    this.#standing = wanted;
    this.#wasMade = true;
    this.#trouble = null;
    this.parts.say(`the packet filter stands: ${host.plan.flows.map(({ id, effect }) => `${id} ${effect}`).join(', ')}`);
    await this.#tellNames(host);
    await this.#remember(host);
  }

  /** What was opened while no table stood ends with it, where everything is refused. */
  async #remember({ plan }: HostPlan): Promise<void> {
    const remembered = await this.parts.filter.remember(openConnections(new Set(plan.accounts), plan));
    if (!remembered.ok) this.parts.say(`connections that were open before are not known to it: ${remembered.error.message}`);
  }

  async #tellNames(host: HostPlan): Promise<void> {
    if (!this.#stands()) return;
    const { error, uncovered } = await this.#upkeep.tell(host.names);
    this.#uncovered = uncovered;
    this.#toldAtMs = Date.now();
    if (error !== null) this.#fail(error);
  }

  async #takeAway(): Promise<void> {
    this.#host = null;
    // Nothing is taken away before it is known that no policy asks for it.
    if (this.parts.documents.bundle === null || (this.#standing === null && this.#trouble === null)) return;
    const removed = await this.parts.filter.remove();
    // Without nft there was none, unless one was made here before it was taken off the host.
    if (!removed.ok && (removed.error.code !== 'program-missing' || this.#wasMade)) return this.#fail(removed.error.message);
    this.#standing = null;
    this.#wasMade = false;
    this.#trouble = null;
    this.parts.say('no policy asks for a packet filter: there is none of ours');
  }

  /** Also while there is trouble with what is to come: what stood is mended. */
  async #look(): Promise<void> {
    if (this.#standing === null) return;
    try {
      const looked = await this.parts.filter.look();
      if (!looked.ok) return this.#fail(looked.error.message);
      if (looked.value.state === 'stands' || looked.value.state === 'not-applied') return;
      const restored = await this.parts.filter.restore();
      if (!restored.ok) return this.#fail(restored.error.message);
      this.#restored += 1;
      if (this.#host !== null) await this.#remember(this.#host);
      this.parts.say(`somebody else changed the table inet mailwarden (${looked.value.state === 'altered' ? looked.value.what : looked.value.state}); it was made anew`);
    } catch (cause) {
      this.#fail(saidBy(cause));
    }
  }

  async #report(refused: readonly string[]): Promise<EgressReport> {
    const seen = await this.#seen();
    const { documents } = this.parts;
    const state = { trouble: this.#trouble, restored: this.#restored, uncovered: this.#uncovered };
    return {
      schema: 'mailwarden/egress-report/v1',
      applied: this.#trouble === null && this.#host !== null && documents.bundle !== null ? { bundleVersion: documents.bundle.version, revisions: documents.revisions } : null,
      profiles: Object.fromEntries((this.#host?.products ?? []).map((product) => [product.profile, observationOf(product, state, seen)])),
      refused: refused.map((line) => line.slice(0, SENTENCE_MAX)),
    };
  }

  /** What was sent. Where the table cannot be read it is mended first: a report never says that what is gone refuses anything. */
  async #seen(): Promise<Seen | null> {
    if (!this.#stands()) return null;
    const seen = await this.parts.filter.seen();
    if (seen.ok) return seen.value;
    await this.#look();
    const again = this.#stands() ? await this.parts.filter.seen() : seen;
    if (again.ok) return again.value;
    this.#fail(again.error.message);
    return null;
  }

  /** What stands in the kernel goes on to stand; it is made anew with the next look. */
  #fail(trouble: string): void {
    if (trouble !== this.#trouble) this.parts.say(`the packet filter cannot be kept: ${trouble}`);
    this.#trouble = trouble;
    this.#standing = undefined;
  }

  #stands(): boolean {
    return typeof this.#standing === 'string';
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}
