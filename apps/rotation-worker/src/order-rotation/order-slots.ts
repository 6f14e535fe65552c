import type { Labels } from '@mailwarden/contracts';
import { instantOf } from '@mailwarden/kernel';
import type { Rollout } from '@mailwarden/policy';
import type { EntityManager } from 'typeorm';
import { mayBeUnderWay } from './order-times.js';

/** How many orders may be under way at once: in the whole fleet, and on servers that share a storage or a place. */
export class OrderSlots {
  constructor(
    private readonly ordersAtOnce: number,
    private readonly labelsOf: (server: string) => Labels | undefined,
  ) {}

  /** Whether there is room for one more order on this server. Until the running transaction ends, nobody else is given any, so that two never take the last one. */
  async hasRoom(tx: EntityManager, server: string, atOnce: Rollout['atOnce'], nowMs: number): Promise<boolean> {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtext('rotation order slots'))`);
    const open = await tx.query<{ server: string }[]>(`SELECT server FROM rotation.rotation_order WHERE purpose <> 'plan' AND ${mayBeUnderWay(1)}`, [instantOf(nowMs)]);
    if (open.length >= this.ordersAtOnce) return false;
    if (atOnce === null) return true;
    const group = this.#groupOf(server, atOnce.per);
    return open.filter((order) => this.#groupOf(order.server, atOnce.per) === group).length < atOnce.most;
  }

  /** Servers with the same values of these labels; those without one share its absence. */
  #groupOf(server: string, per: readonly string[]): string {
    const labels = this.labelsOf(server) ?? {};
    return JSON.stringify(per.map((key) => labels[key] ?? null));
  }
}
