import type { Profile } from '@mailwarden/catalogue';
import type { EgressReport, EgressTask } from '@mailwarden/contracts';
import type { EgressFailure, PacketFilter, Seen } from '@mailwarden/egress';
import { canonicalJson, instantOf, type ProfileId } from '@mailwarden/kernel';
import type { readHostFacts } from './host-facts.js';
import { openConnections } from './open-connections.js';
import { planOfHost, type HostPlan } from './plan-of-host.js';
import { observationOf } from './report.js';
import { resolveNames } from './resolve-names.js';
import type { StandingDocuments } from './standing-documents.js';

const MS = 1_000;

const wordsOf = (failure: EgressFailure): string => (failure.kind === 'filter' ? failure.error.message : failure.problems.map(({ where, message }) => `${where}: ${message}`).join('; '));

/** What the keeper needs of the host that it keeps the filter of. */
export interface KeeperParts {
  readonly filter: PacketFilter;
  readonly documents: StandingDocuments;
  readonly profiles: ReadonlyMap<ProfileId, Profile>;
  readonly facts: () => ReturnType<typeof readHostFacts>;
  readonly lookEverySeconds: number;
  readonly resolveEverySeconds: number;
  readonly say: (line: string) => void;
}

/**
 * Keeps the packet filter as the newest policy and consent say: makes it, looks at it again and again, mends what somebody else did to it, and takes it away where no policy asks for one.
 * One thing at a time. What was refused stays refused while nothing newer is known, also when the bundle has expired and when nobody speaks to the keeper.
 */
export class Keeper {
  #host: HostPlan | null = null;
  /** The plan that stands, as text; null where none does, undefined where that is not known: an earlier keeper may have left one. */
  #standing: string | null | undefined;
  #trouble: string | null = null;
  #restored = 0;
  #facts: Awaited<ReturnType<typeof readHostFacts>> | null = null;
  #resolvedAtMs = 0;
  #timer: NodeJS.Timeout | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly parts: KeeperParts) {}

  async start(): Promise<void> {
    await this.#inTurn(() => this.#keep());
    this.#timer = setInterval(() => void this.#inTurn(() => this.#keep().then(() => this.#look())), this.parts.lookEverySeconds * MS);
  }

  /** The filter stays: who ends the keeper does not open what was refused. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#turn;
  }

  /** Acts on what an agent tells, and answers once the filter stands by it. */
  follow(task: EgressTask): Promise<EgressReport> {
    return this.#inTurn(async () => {
      const refused = this.#accept(task);
      await this.#keep();
      return this.#report(refused);
    });
  }

  #accept(task: EgressTask): string[] {
    try {
      return this.parts.documents.accept(task);
    } catch (cause) {
      return [`it counts, and could not be kept on disk: ${cause instanceof Error ? cause.message : 'unknown'}`.slice(0, 500)];
    }
  }

  /** Makes the filter what it should be now: policies are lifted for a time, and grants end by themselves. */
  async #keep(): Promise<void> {
    try {
      this.#facts ??= await this.parts.facts();
      const { documents, profiles } = this.parts;
      this.#host = planOfHost({ bundle: documents.bundle, entries: documents.entries, agreements: documents.agreements, profiles, facts: this.#facts, at: instantOf(Date.now()) });
      if (this.#host === null) return await this.#takeAway();
      await this.#apply(this.#host);
      await this.#resolve(this.#host);
    } catch (cause) {
      this.#fail(cause instanceof Error ? cause.message : 'unknown');
    }
  }

  async #apply({ plan }: HostPlan): Promise<void> {
    const wanted = canonicalJson(plan);
    if (wanted === this.#standing) return;
    const applied = await this.parts.filter.apply(plan);
    if (!applied.ok) return this.#fail(wordsOf(applied.error));
    this.#standing = wanted;
    this.#trouble = null;
    this.parts.say(`the packet filter stands: ${plan.flows.map(({ id, effect }) => `${id} ${effect}`).join(', ')}`);
    const remembered = await this.parts.filter.remember(openConnections(new Set(plan.accounts)));
    if (!remembered.ok) this.#fail(remembered.error.message);
  }

  async #takeAway(): Promise<void> {
    // Nothing is taken away before it is known that no policy asks for it.
    if (this.parts.documents.bundle === null || (this.#standing === null && this.#trouble === null)) return;
    const removed = await this.parts.filter.remove();
    if (!removed.ok && removed.error.code !== 'program-missing') return this.#fail(removed.error.message);
    this.#standing = null;
    this.#trouble = null;
    this.parts.say('no policy asks for a packet filter: there is none of ours');
  }

  /** Names change: what they resolve to is added as it is found, and counts on for a while when it is found no more. */
  async #resolve({ names }: HostPlan): Promise<void> {
    if (names.length === 0 || !this.#stands() || Date.now() - this.#resolvedAtMs < this.parts.resolveEverySeconds * MS) return;
    this.#facts = await this.parts.facts();
    this.#resolvedAtMs = Date.now();
    const resolved = await resolveNames(names.map(({ name }) => name), this.#facts);
    for (const { flow, endpoint, name } of names) {
      const found = resolved.find((one) => one.name === name);
      if (found === undefined || found.addresses.length === 0) {
        this.parts.say(`${name} does not resolve (${found?.trouble ?? 'no address'}); it is asked again`);
        continue;
      }
      const added = await this.parts.filter.addAddresses(flow, endpoint, found.addresses);
      if (!added.ok) this.#fail(added.error.message);
      else if (added.value.notAdded > 0) this.parts.say(`${name} has more addresses than there is room for: ${added.value.notAdded} are left out`);
    }
  }

  async #look(): Promise<void> {
    if (!this.#stands()) return;
    const looked = await this.parts.filter.look();
    if (!looked.ok) return this.#fail(looked.error.message);
    if (looked.value.state === 'stands') return;
    const restored = await this.parts.filter.restore();
    if (!restored.ok) return this.#fail(restored.error.message);
    this.#restored += 1;
    this.parts.say(`somebody else changed the table inet mailwarden (${looked.value.state === 'altered' ? looked.value.what : looked.value.state}); it was made anew`);
  }

  async #report(refused: readonly string[]): Promise<EgressReport> {
    const seen = await this.#seen();
    const { documents } = this.parts;
    const state = { trouble: this.#trouble, restored: this.#restored };
    return {
      schema: 'mailwarden/egress-report/v1',
      applied: this.#trouble === null && this.#host !== null && documents.bundle !== null ? { bundleVersion: documents.bundle.version, revisions: documents.revisions } : null,
      profiles: Object.fromEntries((this.#host?.products ?? []).map((product) => [product.profile, observationOf(product, state, seen)])),
      refused: [...refused],
    };
  }

  async #seen(): Promise<Seen | null> {
    if (!this.#stands()) return null;
    const seen = await this.parts.filter.seen();
    return seen.ok ? seen.value : null;
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
