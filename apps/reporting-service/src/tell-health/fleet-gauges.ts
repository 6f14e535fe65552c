import { CONSUMERS, FINDING_CODES } from '@mailwarden/contracts';
import { SEVERITIES } from '@mailwarden/kernel';
import type { GaugeReading, Metrics } from '@mailwarden/telemetry';
import type { DataSource } from 'typeorm';

const AGES = ['minute', 'hour', 'day', 'older', 'never'] as const;

const SERVERS = `
  SELECT agent_state AS state, CASE WHEN last_observed_at IS NULL THEN 'never' WHEN last_observed_at > now() - interval '1 minute' THEN 'minute' WHEN last_observed_at > now() - interval '1 hour' THEN 'hour'
    WHEN last_observed_at > now() - interval '1 day' THEN 'day' ELSE 'older' END AS age, count(*) AS value
  FROM reporting.server WHERE status = 'active' GROUP BY 1, 2`;

const AGENTS = `
  SELECT coalesce(sum((heartbeat #>> '{spool,messages}')::bigint), 0) AS messages, coalesce(sum((heartbeat #>> '{spool,bytes}')::bigint), 0) AS bytes, coalesce(sum((heartbeat #>> '{spool,lost}')::bigint), 0) AS lost,
    count(*) FILTER (WHERE (heartbeat #>> '{spool,messages}')::bigint > 0) AS spooling, coalesce(max((heartbeat #>> '{work,rssBytes}')::bigint), 0) AS rss,
    coalesce(max((heartbeat #>> '{work,scanMs}')::bigint), 0) / 1000.0 AS scan, coalesce(extract(epoch FROM now() - min((heartbeat #>> '{work,sentAt}')::timestamptz)), 0) AS sent
  FROM reporting.server WHERE status = 'active' AND agent_state = 'live' AND heartbeat IS NOT NULL`;

const LEDGER = `
  SELECT h.size AS entries, h.size - coalesce((SELECT max(size) FROM reporting.checkpoint), 0) AS unsigned,
    coalesce(extract(epoch FROM now() - (SELECT (document -> 'payload' ->> 'at')::timestamptz FROM reporting.checkpoint ORDER BY size DESC LIMIT 1)), 0) AS age
  FROM reporting.ledger_head h`;

/** A range that ends with a number of the clock counts as one: how much is missing there nobody knows. */
const MISSING = `
  SELECT CASE WHEN source LIKE 'mailwarden/agent/%' THEN 'agents' ELSE 'services' END AS origin, sum(CASE WHEN last > 1000000000000 THEN 1 ELSE last - first + 1 END) AS value
  FROM reporting.sequence_gap WHERE NOT accepted GROUP BY 1`;

interface Counted {
  readonly value: string;
}
const summed = <R extends Counted>(rows: readonly R[], labels: (row: R) => Readonly<Record<string, string>>): GaugeReading[] => rows.map((row) => ({ labels: labels(row), value: Number(row.value) }));

/** What the fleet looks like, in counts. Privacy: no label names a server; which one it is, the console says to those who may know. */
export function watchFleet(metrics: Metrics, dataSource: DataSource): void {
  metrics.gauges(
    'servers',
    {
      servers: { name: 'mailwarden_servers', help: 'Servers of the fleet, by whether their agent is heard', labels: { state: ['never', 'live', 'silent'] } },
      observations: { name: 'mailwarden_observed_servers', help: 'Servers of the fleet, by how long ago their newest observation began', labels: { age: AGES } },
    },
    async () => {
      const rows = await dataSource.query<{ state: string; age: string; value: string }[]>(SERVERS);
      return { servers: summed(rows, ({ state }) => ({ state })), observations: summed(rows, ({ age }) => ({ age })) };
    },
  );
  metrics.gauges(
    'findings',
    { open: { name: 'mailwarden_findings_open', help: 'Open findings, by code and severity', labels: { code: FINDING_CODES, severity: SEVERITIES } } },
    async () => ({ open: summed(await dataSource.query<{ code: string; severity: string; value: string }[]>(`SELECT code, severity, count(*) AS value FROM reporting.finding WHERE state = 'open' GROUP BY 1, 2`), ({ code, severity }) => ({ code, severity })) }),
  );
  metrics.gauges(
    'dead-letters',
    { letters: { name: 'mailwarden_dead_letters', help: 'Messages that were put aside and wait for an operator, or for their replay to be handled', labels: { consumer: Object.keys(CONSUMERS), state: ['waiting', 'replaying'] } } },
    async () => ({ letters: summed(await dataSource.query<{ consumer: string; state: string; value: string }[]>(`SELECT consumer, state, count(*) AS value FROM reporting.dead_letter WHERE state IN ('waiting', 'replaying') GROUP BY 1, 2`), ({ consumer, state }) => ({ consumer, state })) }),
  );
  metrics.gauges(
    'numbers',
    { missing: { name: 'mailwarden_missing_messages', help: 'Messages that were numbered, did not come and are not accepted as lost', labels: { origin: ['agents', 'services'] } } },
    async () => ({ missing: summed(await dataSource.query<{ origin: string; value: string }[]>(MISSING), ({ origin }) => ({ origin })) }),
  );
  watchAgents(metrics, dataSource);
  watchLedger(metrics, dataSource);
}

/** What live agents say of themselves in their signs of life, over all of them. */
function watchAgents(metrics: Metrics, dataSource: DataSource): void {
  metrics.gauges(
    'agents',
    {
      messages: { name: 'mailwarden_agents_spooled_messages', help: 'Messages that live agents keep on disk because the bus has not taken them' },
      bytes: { name: 'mailwarden_agents_spooled_bytes', help: 'Room that these take' },
      lost: { name: 'mailwarden_agents_lost_messages', help: 'Measurements that live agents gave up for want of room, since each was installed' },
      spooling: { name: 'mailwarden_agents_spooling', help: 'Live agents that keep anything' },
      rss: { name: 'mailwarden_agents_resident_bytes_max', help: 'Memory of the live agent that takes most' },
      scan: { name: 'mailwarden_agents_scan_seconds_max', help: 'Duration of the newest scan of the live agent that took longest' },
      sent: { name: 'mailwarden_agents_sent_age_seconds_max', help: 'Time since the bus took anything of the live agent where that is longest ago' },
    },
    async () => {
      const [row] = await dataSource.query<Record<'messages' | 'bytes' | 'lost' | 'spooling' | 'rss' | 'scan' | 'sent', string>[]>(AGENTS);
      const one = (value: string | undefined): GaugeReading[] => [{ value: Number(value ?? 0) }];
      return { messages: one(row?.messages), bytes: one(row?.bytes), lost: one(row?.lost), spooling: one(row?.spooling), rss: one(row?.rss), scan: one(row?.scan), sent: one(row?.sent) };
    },
  );
}

function watchLedger(metrics: Metrics, dataSource: DataSource): void {
  metrics.gauges(
    'ledger',
    {
      entries: { name: 'mailwarden_ledger_entries', help: 'Entries of the ledger' },
      unsigned: { name: 'mailwarden_ledger_unsigned_entries', help: 'Entries that no signed checkpoint covers yet' },
      age: { name: 'mailwarden_ledger_checkpoint_age_seconds', help: 'Age of the newest signed checkpoint; it grows while nothing is appended' },
    },
    async () => {
      const [row] = await dataSource.query<Record<'entries' | 'unsigned' | 'age', string>[]>(LEDGER);
      return { entries: [{ value: Number(row?.entries ?? 0) }], unsigned: [{ value: Number(row?.unsigned ?? 0) }], age: [{ value: Number(row?.age ?? 0) }] };
    },
  );
}
