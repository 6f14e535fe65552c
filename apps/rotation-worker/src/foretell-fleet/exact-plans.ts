import type { ExactPlans, ExactRequest, Hold, Membership, PlanRow, Receipt } from '@mailwarden/contracts';
import type { Signer } from '@mailwarden/kernel';
import type { OutboxRelay } from '@mailwarden/persistence';
import type { DataSource } from 'typeorm';
import { attest } from '../raise.js';
import { issueOrder } from '../order-rotation/issue-order.js';
import { ORDER_LIFE_MS } from '../order-rotation/order-times.js';
import { questionOf, type FleetPlan, type PlanParts } from './fleet-plan.js';
import type { RuleScope } from './plan-scope.js';

/** Rows among which the servers with most to delete are looked for. */
const ROWS_MAX = 1_000;
const ORDERS_MAX = 1_000;

interface ExactRow {
  readonly id: string;
  readonly server: Membership['server'];
  readonly profile: Membership['profiles'][number];
  readonly store: PlanRow['store'];
  readonly policy: string;
  readonly state: string;
  readonly expires_at: Date;
  readonly receipt: { readonly payload: Receipt } | null;
}

export interface ExactParts {
  readonly dataSource: DataSource;
  readonly signer: Signer;
  readonly relay: OutboxRelay;
  readonly plan: FleetPlan;
  readonly standing: PlanParts['standing'];
  /** Holds and version of a server's bundle, as an order carries them. */
  readonly bundleOf: (server: string) => { readonly holds: readonly Hold[]; readonly version: number } | undefined;
}

/** Asks hosts for the exact lists, which stay there; only totals and hashes come back. Orders of purpose `plan` delete nothing. */
export class ExactPlanning {
  constructor(private readonly parts: ExactParts) {}

  async ask(request: ExactRequest, nowMs: number): Promise<ExactPlans> {
    const { dataSource, plan, standing, relay } = this.parts;
    const question = questionOf(request, standing());
    const foretold = await plan.plan({ documents: request.documents, policy: request.policy, server: request.server, rows: ROWS_MAX }, nowMs);
    const servers = new Set([...new Set(foretold.rows.map(({ server }) => server))].slice(0, request.servers));
    const scopes = plan.scopes(question, request.server, nowMs);
    const rows = foretold.rows.filter(({ server, state }) => servers.has(server) && state !== 'not-rotatable').slice(0, ORDERS_MAX);
    const ids = await dataSource.transaction(async (tx) => {
      const issued: string[] = [];
      for (const row of rows) {
        const scope = scopes.find(({ policy, rule }) => policy.name === row.policy && rule.profile === row.profile && rule.store === row.store);
        if (scope !== undefined) issued.push(await this.#issue(tx, scope, row, nowMs));
      }
      await attest(tx, { kind: 'operator-action', id: `exact-${nowMs}-${issued[0] ?? 'none'}`, atMs: nowMs, document: { orders: issued, by: request.by }, facts: { action: 'exact-plans-asked', orders: issued.length } });
      return issued;
    });
    relay.kick();
    return this.answered(ids);
  }

  #issue(tx: Parameters<typeof issueOrder>[0], scope: RuleScope, row: PlanRow, nowMs: number): Promise<string> {
    const bundle = this.parts.bundleOf(row.server);
    const holds = [...new Map([...(bundle?.holds ?? []), ...(scope.holds.get(row.server) ?? [])].map((hold) => [`${hold.id} ${hold.profile ?? ''} ${hold.store ?? ''}`, hold])).values()];
    return issueOrder(tx, this.parts.signer, { server: row.server, rule: scope.rule, bundle: { holds, version: bundle?.version ?? 0 }, purpose: 'plan', bounds: scope.rule.bounds, marked: null, foretold: row.wouldDelete, expiresAtMs: nowMs + ORDER_LIFE_MS }, nowMs);
  }

  /** What has been answered so far. */
  async answered(orders: readonly string[]): Promise<ExactPlans> {
    const rows = await this.parts.dataSource.query<ExactRow[]>(`SELECT id, server, profile, store, policy, state, expires_at, receipt FROM rotation.rotation_order WHERE id = ANY($1::uuid[]) AND purpose = 'plan' ORDER BY server, store`, [orders]);
    const nowMs = Date.now();
    return { orders: rows.map((row) => ({ order: row.id, server: row.server, profile: row.profile, store: row.store, policy: row.policy, receipt: row.receipt?.payload ?? null, expired: row.receipt === null && row.expires_at.getTime() < nowMs })) };
  }
}
