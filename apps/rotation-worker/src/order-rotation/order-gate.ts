import type { Bounds, BundleRule } from '@mailwarden/contracts';
import { instantOf, type Signer } from '@mailwarden/kernel';
import { rolloutOf, type RetentionPolicy } from '@mailwarden/policy';
import { insideUntil, type Foretold } from '@mailwarden/rotation';
import type { EntityManager } from 'typeorm';
import type { PolicyShelf } from '../apply-policy/policy-shelf.js';
import { approvedBounds, type RequestRow, type Requests } from '../ask-approval/requests.js';
import type { Marks } from '../mark-first/marks.js';
import { TROUBLE, type Rollouts } from '../roll-out/rollouts.js';
import { issueOrder, type Issue } from './issue-order.js';
import type { Look, OverLimit } from './look.js';
import type { OrderSlots } from './order-slots.js';
import { ORDER_LIFE_MS, WINDOW_LEFT_MS_MIN } from './order-times.js';

/** After an order that did not end well, people look first: none follows for so long, unless one of them lets the policy go on. Units: milliseconds. */
export const PAUSE_AFTER_TROUBLE_MS = 10 * 60_000;
/** After any order, the next observation may still be of before it. Units: milliseconds. */
const PAUSE_AFTER_ORDER_MS = 2_000;

interface RecentOrder {
  readonly store: string;
  readonly state: string;
  readonly finished_at: Date | null;
  /** When its account came, by the clock here. */
  readonly closed_at: Date | null;
}

/** What has been settled on the way to an order. */
interface Passage {
  readonly rule: BundleRule;
  readonly policy: RetentionPolicy;
  readonly foretold: Foretold;
  readonly bounds: Bounds;
  readonly request: RequestRow | null;
}

export interface GateParts {
  readonly signer: Signer;
  readonly shelf: PolicyShelf;
  readonly rollouts: Rollouts;
  readonly requests: Requests;
  readonly marks: Marks;
  readonly slots: OrderSlots;
}

/** Everything that stands between a store over its limit and an order: the order before, the rollout, people, grace, the window, what went lately, and how many are under way. */
export class OrderGate {
  constructor(private readonly parts: GateParts) {}

  async pass(tx: EntityManager, look: Look, over: readonly OverLimit[], nowMs: number): Promise<void> {
    const last = await this.#lastOrders(tx, look, over);
    const served = new Set<string>();
    for (const { rule, foretold } of over) {
      const before = last.get(rule.store);
      if (served.has(rule.store) || !mayFollow(before, look.startedAtMs, nowMs)) continue;
      const policy = this.parts.shelf.retention(rule.policy);
      // A bundle that is not yet pressed anew speaks of a policy that no longer stands so.
      if (policy === undefined || policy.version !== rule.policyVersion) continue;
      const rollout = await this.parts.rollouts.permitting(tx, policy, look.server);
      if (rollout === null || isPaused(before, rollout.resumed_at, nowMs)) continue;
      if (await this.#passOne(tx, look, rule, policy, foretold, nowMs)) served.add(rule.store);
    }
  }

  async #lastOrders(tx: EntityManager, { server, profile }: Look, over: readonly OverLimit[]): Promise<Map<string, RecentOrder>> {
    const rows = await tx.query<RecentOrder[]>(
      `SELECT last.* FROM unnest($3::text[]) AS wanted (store), LATERAL (SELECT store, state, finished_at, closed_at FROM rotation.rotation_order WHERE server = $1 AND profile = $2 AND store = wanted.store AND purpose <> 'plan' ORDER BY issued_at DESC LIMIT 1) AS last`,
      [server, profile, [...new Set(over.map(({ rule }) => rule.store))]],
    );
    return new Map(rows.map((row) => [row.store, row]));
  }

  /** True when an order was issued. */
  async #passOne(tx: EntityManager, look: Look, rule: BundleRule, policy: RetentionPolicy, foretold: Foretold, nowMs: number): Promise<boolean> {
    const grace = (rule.graceSeconds ?? 0) > 0 ? await this.parts.marks.standing(tx, look.server, rule, nowMs) : null;
    if (grace?.kind === 'wait') return false;
    // What is due was approved when it was marked.
    const request = rule.mode === 'ask' && grace?.kind !== 'due' ? await this.parts.requests.permitting(tx, look.server, rule, policy, foretold, nowMs) : null;
    if (rule.mode === 'ask' && grace?.kind !== 'due' && request === null) return false;
    const bounds = grace?.kind === 'due' ? grace.mark.bounds : request === null ? rule.bounds : approvedBounds(rule.bounds, request);
    const passage: Passage = { rule, policy, foretold, bounds, request };
    return grace?.kind === 'mark' ? this.#mark(tx, look, passage, nowMs) : this.#delete(tx, look, passage, grace?.kind === 'due' ? grace.mark.order : null, nowMs);
  }

  /** Marking deletes nothing, so that it waits for no window. */
  async #mark(tx: EntityManager, look: Look, passage: Passage, nowMs: number): Promise<boolean> {
    const order = await this.#issue(tx, look, passage, { purpose: 'mark', bounds: passage.bounds, marked: null, expiresAtMs: nowMs + ORDER_LIFE_MS }, nowMs);
    if (order !== null) await this.parts.marks.begun(tx, order, look.server, passage.rule, passage.bounds, nowMs);
    return order !== null;
  }

  async #delete(tx: EntityManager, look: Look, passage: Passage, marked: string | null, nowMs: number): Promise<boolean> {
    const expiresAtMs = insideUntil(passage.rule.window ?? null, nowMs, nowMs + ORDER_LIFE_MS);
    if (expiresAtMs - nowMs < WINDOW_LEFT_MS_MIN) return false;
    if (!(await this.#isWithinRate(tx, look, passage, nowMs))) return false;
    // Its bounds are signed as they are: the host takes off by itself what went lately.
    return (await this.#issue(tx, look, passage, { purpose: 'rotate', bounds: passage.bounds, marked, expiresAtMs }, nowMs)) !== null;
  }

  /** Whether what earlier orders left of the bounds suffices, as the host will judge. Where it does not now and will later, an order would only stop at it. */
  async #isWithinRate(tx: EntityManager, { server }: Look, { rule, bounds, foretold: { wouldDelete, before } }: Passage, nowMs: number): Promise<boolean> {
    if (bounds.perSeconds === undefined) return true;
    const [gone] = await tx.query<{ orders: string; items: string; bytes: string; percent: number }[]>(
      `SELECT count(*) FILTER (WHERE deleted_items > 0) AS orders, coalesce(sum(deleted_items), 0) AS items, coalesce(sum(deleted_bytes), 0) AS bytes,
         coalesce(sum(100 * greatest(deleted_items / nullif((receipt #>> '{payload,before,items}')::double precision, 0), deleted_bytes / nullif((receipt #>> '{payload,before,bytes}')::double precision, 0))), 0) AS percent
       FROM rotation.rotation_order WHERE server = $1 AND profile = $2 AND store = $3 AND policy = $4 AND issued_at > $5::timestamptz - interval '1 day' AND closed_at > $5`,
      [server, rule.profile, rule.store, rule.policy, instantOf(nowMs - bounds.perSeconds * 1000)],
    );
    if (gone === undefined || Number(gone.orders) === 0) return true;
    const percent = Math.max(shareOf(wouldDelete.items, before.items), shareOf(wouldDelete.bytes, before.bytes));
    return wouldDelete.items <= bounds.items - Number(gone.items) && wouldDelete.bytes <= bounds.bytes - Number(gone.bytes) && percent <= bounds.percent - gone.percent;
  }

  async #issue(tx: EntityManager, look: Look, { rule, policy, foretold, request }: Passage, how: Pick<Issue, 'purpose' | 'bounds' | 'marked' | 'expiresAtMs'>, nowMs: number): Promise<string | null> {
    if (!(await this.parts.slots.hasRoom(tx, look.server, rolloutOf(policy).atOnce, nowMs))) return null;
    const order = await issueOrder(tx, this.parts.signer, { server: look.server, rule, bundle: look.bundle, foretold: foretold.most, ...how }, nowMs);
    if (request !== null) await this.parts.requests.used(tx, request, order, nowMs);
    return order;
  }
}

/** Units: percent. */
const shareOf = (part: number, whole: number): number => (whole === 0 ? 0 : (100 * part) / whole);

/** One order a store at a time, and none on an observation that was made before the last one ended. */
function mayFollow(last: RecentOrder | undefined, startedAtMs: number, nowMs: number): boolean {
  if (last === undefined) return true;
  if (last.state === 'open' || last.finished_at === null) return false;
  const finishedMs = last.finished_at.getTime();
  return startedAtMs > finishedMs && nowMs - finishedMs > PAUSE_AFTER_ORDER_MS;
}

/** After trouble people look first. One who let the policy go on since then has looked. */
function isPaused(last: RecentOrder | undefined, resumedAt: Date | null, nowMs: number): boolean {
  if (last === undefined || last.finished_at === null || !TROUBLE.includes(last.state)) return false;
  const toldMs = (last.closed_at ?? last.finished_at).getTime();
  return nowMs - last.finished_at.getTime() < PAUSE_AFTER_TROUBLE_MS && (resumedAt === null || resumedAt.getTime() < toldMs);
}
