import { PLAN_STATES, type PlanRow, type PolicyPlan } from '@mailwarden/contracts';
import { instantOf, type Instant, type ServerName } from '@mailwarden/kernel';
import type { Foretold, PlanState } from '@mailwarden/rotation';
import type { RuleScope } from './plan-scope.js';

type Totals = PolicyPlan['totals'][number];

const momentOf = (atMs: number | null): Instant | null => (atMs === null ? null : instantOf(Math.round(atMs)));
const before = (a: number | null, b: number | null): number | null => (a === null ? b : b === null ? a : Math.min(a, b));

/** What one policy would do, summed up. */
class PolicyTally {
  readonly states = Object.fromEntries(PLAN_STATES.map((state) => [state, 0])) as Record<PlanState, number>;
  readonly servers = new Set<string>();
  readonly deletingServers = new Set<string>();
  counted: readonly string[] = [];
  stores = 0;
  deletingStores = 0;
  items = 0;
  bytes = 0;
  oldestMs: number | null = null;
}

/** Adds up a plan: totals for each policy, and the rows where most would go. */
export class PlanTally {
  readonly #policies = new Map<string, PolicyTally>();
  #rows: PlanRow[] = [];
  #told = 0;

  constructor(private readonly rowsMax: number) {}

  /** Stores that need no planning. */
  count({ policy, servers }: RuleScope, inOrder: number, unmeasured: number): void {
    const tally = this.#of(policy.name);
    // The rules of one policy on one profile share one list.
    if (tally.counted !== servers) for (const server of servers) tally.servers.add(server);
    tally.counted = servers;
    tally.stores += servers.length;
    tally.states['in-order'] += inOrder;
    tally.states.unmeasured += unmeasured;
  }

  /** A store that is over a limit. */
  add({ policy, rule }: RuleScope, server: string, measuredAtMs: number, foretold: Foretold): void {
    const tally = this.#of(policy.name);
    tally.states[foretold.state] += 1;
    const { items, bytes } = foretold.wouldDelete;
    // What an order would stop at, nobody deletes.
    if (foretold.state !== 'over-bounds' && items > 0) {
      tally.items += items;
      tally.bytes += bytes;
      tally.deletingStores += 1;
      tally.deletingServers.add(server);
      tally.oldestMs = before(tally.oldestMs, foretold.oldestMs);
    }
    if (foretold.state === 'in-order') return;
    this.#told += 1;
    if (this.rowsMax > 0 && !this.#isBelowAll(foretold)) this.#keep({ server: server as ServerName, profile: rule.profile, store: rule.store, policy: policy.name, state: foretold.state, passed: [...foretold.passed], before: foretold.before, wouldDelete: foretold.wouldDelete, oldestAt: momentOf(foretold.oldestMs), newestAt: momentOf(foretold.newestMs), measuredAt: momentOf(measuredAtMs), reason: foretold.reason.slice(0, 500) });
  }

  /** Spares making a row that would not be kept. */
  #isBelowAll({ wouldDelete }: Foretold): boolean {
    const last = this.#rows.at(-1);
    return this.#rows.length === this.rowsMax && last !== undefined && wouldDelete.bytes <= last.wouldDelete.bytes;
  }

  /** The rows stay in order, those where most would go first. */
  #keep(row: PlanRow): void {
    let [low, high] = [0, this.#rows.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#rows[middle]?.wouldDelete.bytes ?? 0) >= row.wouldDelete.bytes) low = middle + 1;
      else high = middle;
    }
    this.#rows.splice(low, 0, row);
    if (this.#rows.length > this.rowsMax) this.#rows.pop();
  }

  totalsOf(policy: string, part: Pick<Totals, 'mode' | 'change'>): Totals {
    const tally = this.#of(policy);
    return { policy, ...part, servers: tally.servers.size, stores: tally.stores, states: tally.states, wouldDelete: { items: tally.items, bytes: tally.bytes, servers: tally.deletingServers.size, stores: tally.deletingStores }, oldestAt: momentOf(tally.oldestMs) };
  }

  get rows(): PlanRow[] {
    return this.#rows;
  }
  get rowsLeft(): number {
    return this.#told - this.#rows.length;
  }

  #of(policy: string): PolicyTally {
    const found = this.#policies.get(policy) ?? new PolicyTally();
    this.#policies.set(policy, found);
    return found;
  }
}
