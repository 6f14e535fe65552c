import type { FetchTextRequest } from '@mailwarden/contracts';
import type { DataSource } from 'typeorm';

/** A server that was seen to hold a text: one whose agent is heard, before one that is silent. Null where none holds it. */
export async function holderOf(dataSource: DataSource, agreement: string, textSha256: string): Promise<FetchTextRequest['server'] | null> {
  const [row] = await dataSource.query<{ server: FetchTextRequest['server'] }[]>(
    `SELECT o.server FROM reporting.observation o JOIN reporting.server s ON s.name = o.server
     WHERE s.status = 'active' AND o.document -> 'agreements' @> $1::jsonb ORDER BY s.agent_state <> 'live', o.server LIMIT 1`,
    [JSON.stringify([{ id: agreement, textSha256: { known: true, value: textSha256 } }])],
  );
  return row?.server ?? null;
}
