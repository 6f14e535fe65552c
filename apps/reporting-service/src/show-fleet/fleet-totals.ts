import type { FleetView, ServerRow } from '@mailwarden/contracts';
import type { DataSource } from 'typeorm';

/** Open findings by kind, the weightiest first. */
export async function findingsByCode(dataSource: DataSource): Promise<FleetView['findingsByCode']> {
  return dataSource.query(
    `SELECT code, severity, count(*)::integer AS open, count(DISTINCT server)::integer AS servers FROM reporting.finding WHERE state = 'open'
     GROUP BY code, severity ORDER BY array_position(ARRAY['critical', 'high', 'medium', 'low', 'info'], severity), open DESC, code`,
  );
}

async function rotatedToday(dataSource: DataSource): Promise<{ rotations: number; bytes: number }> {
  const [row] = await dataSource.query<{ rotations: number; bytes: string }[]>(
    `SELECT count(*)::integer AS rotations, coalesce(sum((document #>> '{payload,deleted,bytes}')::numeric), 0)::bigint AS bytes
     FROM reporting.rotation_receipt WHERE received_at >= date_trunc('day', now(), 'UTC') AND (document #>> '{payload,deleted,items}')::bigint > 0`,
  );
  return { rotations: row?.rotations ?? 0, bytes: Number(row?.bytes ?? 0) };
}

const openOf = (row: ServerRow): number => Object.values(row.openFindings).reduce<number>((sum, open) => sum + (open ?? 0), 0);

/** The fleet in a few figures. */
export async function fleetTotals(dataSource: DataSource, rows: readonly ServerRow[]): Promise<FleetView['totals']> {
  const today = await rotatedToday(dataSource);
  return {
    servers: rows.length,
    live: rows.filter((row) => row.agent === 'live').length,
    inOrder: rows.filter((row) => row.state === 'in-order').length,
    withFindings: rows.filter((row) => openOf(row) > 0).length,
    openFindings: rows.reduce((sum, row) => sum + openOf(row), 0),
    bytesStored: rows.reduce((sum, row) => sum + row.bytesStored, 0),
    rotationsToday: today.rotations,
    bytesRotatedToday: today.bytes,
  };
}
