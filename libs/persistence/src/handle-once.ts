import type { DataSource, EntityManager } from 'typeorm';
import { schemaOf } from './data-source.js';

/**
 * Does the work of one message exactly once: the work and the record of having done it commit together.
 * Returns false when it had been done before. Errors: whatever `work` throws undoes both, and the message comes again.
 */
export async function handleOnce(dataSource: DataSource, consumer: string, messageId: string, work: (tx: EntityManager) => Promise<void>): Promise<boolean> {
  const schema = schemaOf(dataSource);
  return dataSource.transaction(async (tx) => {
    const rows = await tx.query<unknown[]>(`INSERT INTO ${schema}.handled_message (consumer, message_id) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING message_id`, [consumer, messageId]);
    if (rows.length === 0) return false;
    await work(tx);
    return true;
  });
}

/** What questions are remembered under, among the consumers of messages. */
const QUESTIONS = 'questions';

/** True the first time for an id, by whichever instance it is asked. What has been taken stays so, whatever becomes of the work. */
export const takeOnce = (dataSource: DataSource, questionId: string): Promise<boolean> => handleOnce(dataSource, QUESTIONS, questionId, async () => undefined);
