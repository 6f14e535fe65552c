import type { StoreObservation } from '@mailwarden/contracts';
import { instantOf } from '@mailwarden/kernel';
import type { EntityManager } from 'typeorm';
import { raise } from '../raise.js';
import { EXPIRY_GRACE_MS, mayBeUnderWay } from './order-times.js';

interface ExpiredRow {
  readonly id: string;
  readonly server: string;
  readonly store: StoreObservation['id'];
  readonly policy: string;
  readonly purpose: string;
  readonly expires_at: Date;
}

/** So many at a time, so that a fleet that comes back does not wait for all of it. */
const EXPIRED_AT_ONCE = 500;

/** Closes what nobody took, of one server or of all, and says so. One that may still be carried out by its own deadline is left open. */
export async function expireOrders(tx: EntityManager, nowMs: number, server: string | null = null): Promise<void> {
  const [rows] = await tx.query<[ExpiredRow[], number]>(
    `UPDATE rotation.rotation_order SET state = 'expired', finished_at = expires_at, closed_at = $1
     WHERE id IN (SELECT id FROM rotation.rotation_order WHERE state = 'open' AND expires_at < $2 AND NOT ${mayBeUnderWay(1)} AND ($3::text IS NULL OR server = $3) ORDER BY expires_at LIMIT ${EXPIRED_AT_ONCE} FOR UPDATE SKIP LOCKED)
     RETURNING id, server, store, policy, purpose, expires_at`,
    [instantOf(nowMs), instantOf(nowMs - EXPIRY_GRACE_MS), server],
  );
  for (const { id, server: of, store, policy, purpose } of rows) {
    if (purpose === 'mark') await tx.query(`UPDATE rotation.mark SET state = 'done' WHERE "order" = $1 AND state = 'marking'`, [id]);
    if (purpose !== 'plan') await raise(tx, 'rotation.expired', { id: `expired-${id}`, server: of, severity: 'medium', atMs: nowMs, detail: { order: id, store, policy } });
  }
}
