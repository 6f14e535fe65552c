import type { Answer, RotationDecision, RotationWaiting } from '@mailwarden/contracts';
import type { ServerName } from '@mailwarden/kernel';
import type { OutboxRelay } from '@mailwarden/persistence';
import type { DataSource, EntityManager } from 'typeorm';
import type { BundlePress } from '../apply-policy/bundle-press.js';
import type { PolicyShelf } from '../apply-policy/policy-shelf.js';
import type { RequestRow, Requests } from '../ask-approval/requests.js';
import type { Marks } from '../mark-first/marks.js';
import type { OrderBook } from '../order-rotation/order-book.js';
import { PAUSE_AFTER_TROUBLE_MS } from '../order-rotation/order-gate.js';
import type { Rollouts } from '../roll-out/rollouts.js';
import { waitingList } from './waiting-list.js';

export interface DeskParts {
  readonly dataSource: DataSource;
  readonly shelf: PolicyShelf;
  readonly press: BundlePress;
  readonly rollouts: Rollouts;
  readonly requests: Requests;
  readonly marks: Marks;
  readonly orders: OrderBook;
  readonly relay: OutboxRelay;
}

/** Takes what a person decides about requests, marks and rollouts. */
export class DecisionDesk {
  constructor(private readonly parts: DeskParts) {}

  async decide(decision: RotationDecision): Promise<Answer<RotationWaiting>> {
    const { dataSource, relay, press } = this.parts;
    const problem = await this.#take(decision);
    if (problem !== null) return { ok: false, code: 'cannot-decide', detail: problem };
    relay.kick();
    // A rollout that stands still is no authority for a host that hears nobody.
    if (decision.about === 'rollout') await press.refresh();
    if (decision.about === 'rollout' && decision.action === 'resume') await this.#tryAgain(decision.id);
    return { ok: true, value: await waitingList(dataSource, this.parts.rollouts, this.parts.shelf) };
  }

  /** In words why it cannot be done; null when it was. */
  async #take({ about, id, action, by, reason }: RotationDecision): Promise<string | null> {
    const { dataSource, marks } = this.parts;
    const nowMs = Date.now();
    const step = `${about} ${action}`;
    if (step === 'request approve' || step === 'request reject') return this.#answer(id, action === 'approve' ? 'approved' : 'rejected', by, reason, nowMs);
    if (step === 'mark release') return dataSource.transaction((tx) => marks.release(tx, id, by, reason, nowMs));
    if (step === 'mark resume') return dataSource.transaction((tx) => marks.resume(tx, id, by, reason, nowMs));
    if (step === 'rollout stop' || step === 'rollout resume') return dataSource.transaction((tx) => this.#steer(tx, id, action, by, reason, nowMs));
    return `${action} is nothing that can be done about a ${about}`;
  }

  async #steer(tx: EntityManager, name: string, action: RotationDecision['action'], by: string, reason: string, nowMs: number): Promise<string | null> {
    const policy = this.parts.shelf.retention(name);
    if (policy === undefined) return `no retention policy is called ${name}`;
    const done = action === 'stop' ? await this.parts.rollouts.stop(tx, name, `stopped by a person: ${reason}`, nowMs, by) : await this.parts.rollouts.resume(tx, policy, nowMs, by);
    return done ? null : action === 'stop' ? `the rollout of ${name} stands still already, or there is none` : `the rollout of ${name} does not stand still`;
  }

  async #answer(id: string, answer: 'approved' | 'rejected', by: string, reason: string, nowMs: number): Promise<string | null> {
    const { dataSource, requests } = this.parts;
    const taken = await dataSource.transaction((tx) => requests.answer(tx, id, answer, by, reason, nowMs));
    if ('problem' in taken) return taken.problem;
    if (taken.isApproved) await this.#reconsider(taken.request);
    return null;
  }

  /** What had failed is tried at once, as the page says. */
  async #tryAgain(policy: string): Promise<void> {
    for (const host of await this.parts.rollouts.toTryAgain(policy, Date.now() - PAUSE_AFTER_TROUBLE_MS)) await this.#reconsider(host);
  }

  /** The order leaves at once where the store was looked at lately; else after its next observation. */
  async #reconsider({ server, profile }: Pick<RequestRow, 'server' | 'profile'>): Promise<void> {
    const { dataSource, press, orders } = this.parts;
    const bundle = press.bundleOf(server);
    if (bundle !== undefined) await dataSource.transaction((tx) => orders.reconsider(tx, server as ServerName, profile, bundle, Date.now()));
  }
}
