import type { PacketFilter } from '@mailwarden/egress';
import type { readHostFacts } from './host-facts.js';
import type { KnownNames } from './known-names.js';
import type { NamedEndpoint } from './plan-of-host.js';
import { resolveNames } from './resolve-names.js';

/** A name that did not resolve, or only in one family, is asked again after so long. Units: milliseconds. */
const AGAIN_MS = 15_000;

type Facts = Awaited<ReturnType<typeof readHostFacts>>;

/** Resolves the names of endpoints beside everything else: a name server that says nothing must hold up neither a withdrawal nor a look at the filter. */
export class NameUpkeep {
  #asking: Promise<void> | null = null;
  /** When a name may be asked again. Units: epoch milliseconds. */
  readonly #nextAtMs = new Map<string, number>();
  readonly #said = new Set<string>();
  #isNew = false;

  constructor(
    private readonly parts: { readonly known: KnownNames; readonly filter: PacketFilter; readonly everyMs: number; readonly say: (line: string) => void },
  ) {}

  /** True when names resolved since it was last asked, so that the filter is to be told. */
  takeNews(): boolean {
    const isNew = this.#isNew;
    this.#isNew = false;
    return isNew;
  }

  /** Asks for names whose time has come; one that has no address is asked again sooner. Returns without waiting. */
  ask(names: readonly NamedEndpoint[], facts: Facts): void {
    const nowMs = Date.now();
    const due = [...new Set(names.map(({ name }) => name))].filter((name) => (this.#nextAtMs.get(name) ?? 0) <= nowMs);
    if (due.length === 0 || this.#asking !== null) return;
    this.#asking = this.#resolve(due, new Set(names.map(({ name }) => name)), facts).finally(() => (this.#asking = null));
  }

  async stop(): Promise<void> {
    await this.#asking;
  }

  async #resolve(due: readonly string[], all: ReadonlySet<string>, facts: Facts): Promise<void> {
    const { known, everyMs, say } = this.parts;
    const resolved = await resolveNames(due, facts);
    const nowMs = Date.now();
    for (const { name, trouble, isWhole } of resolved) {
      this.#nextAtMs.set(name, nowMs + (isWhole ? everyMs : Math.min(everyMs, AGAIN_MS)));
      if (trouble === null) this.#said.delete(name);
      else if (!this.#said.has(name)) {
        this.#said.add(name);
        say(`${name} does not resolve (${trouble}); it is asked again`);
      }
    }
    if (known.note(resolved, nowMs)) this.#isNew = true;
    try {
      known.keep(all, nowMs);
    } catch (cause) {
      say(`names that resolved count, and could not be kept on disk: ${cause instanceof Error ? cause.message : 'unknown'}`);
    }
  }

  /** Tells the filter all addresses of these endpoints. Returns why one of them is not covered, by flow. Errors: the filter's, in words. */
  async tell(names: readonly NamedEndpoint[]): Promise<{ readonly error: string | null; readonly uncovered: ReadonlyMap<string, string> }> {
    const { known, filter } = this.parts;
    const uncovered = new Map<string, string>();
    for (const { flow, endpoint, name } of names) {
      const addresses = known.addressesOf(name, Date.now());
      if (addresses.length === 0) uncovered.set(flow, `${name} has no address that is known`);
      else {
        const added = await filter.addAddresses(flow, endpoint, addresses);
        if (!added.ok) return { error: added.error.message, uncovered };
        if (added.value.notAdded > 0 || !known.isComplete(name)) uncovered.set(flow, `${name} has more addresses than there is room for`);
      }
    }
    return { error: null, uncovered };
  }
}
