import type { Metrics } from '@mailwarden/telemetry';
import type { DataSource } from 'typeorm';

/** States of an order in the worker's own book. */
const STATES = ['open', 'expired', 'completed', 'nothing-to-do', 'refused', 'stopped', 'failed', 'planned', 'marked'] as const;

/** Orders as the worker's book has them. */
export function watchOrders(metrics: Metrics, dataSource: DataSource): void {
  metrics.gauges(
    'orders',
    { orders: { name: 'mailwarden_orders', help: 'Orders that are open, and those of the last day by how they ended', labels: { state: STATES } } },
    async () => {
      const rows = await dataSource.query<{ state: string; value: string }[]>(`SELECT state, count(*) AS value FROM rotation.rotation_order WHERE state = 'open' OR issued_at > now() - interval '1 day' GROUP BY state`);
      return { orders: rows.map(({ state, value }) => ({ labels: { state }, value: Number(value) })) };
    },
  );
}
