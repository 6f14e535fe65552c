import { currentTraceparent } from '@mailwarden/tracing';
import type { EntityManager } from 'typeorm';
import { schemaOf } from './data-source.js';

/** Something to say, kept beside the change that it tells of. */
export interface OutgoingMessage {
  /** Stable for the happening: said twice, it is heard once. */
  readonly id: string;
  readonly subject: string;
  readonly type: string;
  readonly data: unknown;
}

/** Writes a message into the outbox of the running transaction, with the trace that it belongs to; it leaves after the commit. */
export async function enqueue(tx: EntityManager, message: OutgoingMessage): Promise<void> {
  await tx.query(`INSERT INTO ${schemaOf(tx.dataSource)}.outbox (id, subject, type, data, traceparent) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING`, [
    message.id,
    message.subject,
    message.type,
    JSON.stringify(message.data),
    currentTraceparent() ?? null,
  ]);
}
