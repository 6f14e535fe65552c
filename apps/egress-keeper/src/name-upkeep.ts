import type { PacketFilter } from '@mailwarden/egress';
import type { readHostFacts } from './host-facts.js';
import type { KnownNames } from './known-names.js';
import type { NamedEndpoint } from './plan-of-host.js';
import { resolveNames } from './resolve-names.js';

type Facts = Awaited<ReturnType<typeof readHostFacts>>;

/** Resolves the names of endpoints beside everything else: a name server that says nothing must hold up neither a withdrawal nor a look at the filter. */
export class NameUpkeep {
  #asking: Promise<void> | null = null;
  /** When a name may be asked again. Units: epoch milliseconds. */
  readonly #nextAtMs = new Map<string, number>();
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

  /** Asks for names whose time has come; one that has no address is asked again at once. Returns without waiting. */
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
    for (const { name, trouble } of resolved) {
      if (trouble !== null && !this.#nextAtMs.has(`said ${name}`)) say(`${name} does not resolve (${trouble}); it is asked again`);
      if (trouble === null) {
        this.#nextAtMs.delete(`said ${name}`);
        this.#nextAtMs.set(name, nowMs + everyMs);
      } else this.#nextAtMs.set(`said ${name}`, nowMs);
    }
    known.note(resolved, nowMs);
    try {
      known.keep(all);
    } catch (cause) {
      say(`names that resolved count, and could not be kept on disk: ${cause instanceof Error ? cause.message : 'unknown'}`);
    }
    this.#isNew = true;
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
