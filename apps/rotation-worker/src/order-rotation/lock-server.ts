import type { EntityManager } from 'typeorm';

/** What concerns the orders of one server happens one after the other, whichever instance does it: taken before any row is, so that observations and receipts never wait for each other in a circle. */
export async function lockServer(tx: EntityManager, server: string): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtext($1))`, [`orders ${server}`]);
}
