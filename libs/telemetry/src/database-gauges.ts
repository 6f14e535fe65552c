import { schemaOf } from '@mailwarden/persistence';
import type { DataSource } from 'typeorm';
import type { Metrics } from './metrics.js';

/** The driver's pool, as far as it is read here. */
interface Pool {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
}

const poolOf = (dataSource: DataSource): Pool => (dataSource.driver as unknown as { master: Pool }).master;

/** The outbox and the connections of the service's own database. */
export function watchDatabase(metrics: Metrics, dataSource: DataSource): void {
  metrics.gauges(
    'pool',
    { connections: { name: 'mailwarden_database_connections', help: 'Connections of the pool in use and idle, and requests that wait for one', labels: { state: ['used', 'idle', 'awaited'] } } },
    () => {
      const { totalCount, idleCount, waitingCount } = poolOf(dataSource);
      return Promise.resolve({ connections: [{ labels: { state: 'used' }, value: totalCount - idleCount }, { labels: { state: 'idle' }, value: idleCount }, { labels: { state: 'awaited' }, value: waitingCount }] });
    },
  );
  metrics.gauges(
    'outbox',
    {
      messages: { name: 'mailwarden_outbox_messages', help: 'Messages that are committed and not on the bus yet' },
      age: { name: 'mailwarden_outbox_age_seconds', help: 'Age of the oldest of them' },
    },
    async () => {
      const [row] = await dataSource.query<{ messages: string; age: string }[]>(`SELECT count(*) AS messages, coalesce(extract(epoch FROM now() - min(created_at)), 0) AS age FROM ${schemaOf(dataSource)}.outbox WHERE sent_at IS NULL`);
      return { messages: [{ value: Number(row?.messages ?? 0) }], age: [{ value: Number(row?.age ?? 0) }] };
    },
  );
}
