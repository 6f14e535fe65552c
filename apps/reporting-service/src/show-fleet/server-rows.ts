import type { Attestation, Heartbeat, Labels, ServerRow } from '@mailwarden/contracts';
import type { ServerName } from '@mailwarden/kernel';
import type { DataSource } from 'typeorm';
import type { ConsentEntries } from '../follow-consent/consent-entries.js';
import { convergenceOf, type ConvergenceRow } from '../follow-consent/convergence.js';
import { instantFrom, instantOrNull } from '../schema/instants.js';

interface Row {
  readonly name: ServerName;
  readonly labels: Labels;
  readonly profiles: ServerRow['profiles'];
  readonly product: string;
  readonly agent_state: ServerRow['agent'];
  readonly since: Date;
  readonly last_seen_at: Date | null;
  readonly last_observed_at: Date | null;
  readonly heartbeat: Heartbeat | null;
  readonly open_findings: ServerRow['openFindings'];
  /** Nothing of a product that it is watched for was found on it. */
  readonly product_absent: boolean;
  readonly stores_over_limit: number;
  readonly bytes_stored: string;
  readonly attestation: Attestation | null;
  readonly revisions_since: Date | null;
}

/** One server as the fleet shows it, with its agent's last sign of life. */
export interface ShownServer {
  readonly row: ServerRow;
  readonly labels: Labels;
  readonly heartbeat: Heartbeat | null;
}

const CONSENT: Readonly<Record<ConvergenceRow['state'], ServerRow['consent']>> = {
  converged: 'converged',
  converging: 'converging',
  unreachable: 'unknown',
  'not-compliant': 'not-compliant',
  unknown: 'unknown',
};

/** Remarks do not put a server out of order; anything above does. What was never measured, or has nothing to measure, is not in order either. */
export function stateOf(row: Pick<Row, 'open_findings' | 'last_observed_at' | 'product_absent'>): ServerRow['state'] {
  const counted = (['low', 'medium', 'high', 'critical'] as const).some((severity) => (row.open_findings[severity] ?? 0) > 0);
  if (counted) return 'finding';
  return row.last_observed_at === null || row.product_absent ? 'unknown' : 'in-order';
}

/** Reads servers with the roll-ups that were written when something changed. */
export class ServerRows {
  constructor(
    private readonly dataSource: DataSource,
    private readonly consent: ConsentEntries,
  ) {}

  async all(): Promise<ShownServer[]> {
    return this.#read('', []);
  }

  async one(name: string): Promise<ShownServer | undefined> {
    return (await this.#read('AND s.name = $1', [name]))[0];
  }

  async #read(condition: string, parameters: readonly unknown[]): Promise<ShownServer[]> {
    const rows = await this.dataSource.query<Row[]>(
      `SELECT s.name, s.labels, s.profiles, s.product, s.agent_state, s.since, s.last_seen_at, s.last_observed_at, s.heartbeat, s.open_findings, s.stores_over_limit, s.bytes_stored,
         a.document AS attestation, a.revisions_since,
         EXISTS (SELECT FROM reporting.finding f WHERE f.server = s.name AND f.state = 'open' AND f.code = 'product-absent') AS product_absent
       FROM reporting.server s LEFT JOIN reporting.attestation a ON a.server = s.name WHERE s.status = 'active' ${condition} ORDER BY s.name`,
      [...parameters],
    );
    const entries = this.consent.index();
    return rows.map((row) => {
      const attested = { server: row.name, labels: row.labels, heard: row.agent_state === 'live', since: instantFrom(row.since), attestation: row.attestation, revisionsSince: instantOrNull(row.revisions_since) };
      return { row: this.#shown(row, convergenceOf(entries, attested)), labels: row.labels, heartbeat: row.heartbeat };
    });
  }

  #shown(row: Row, convergence: ConvergenceRow): ServerRow {
    return {
      server: row.name,
      labels: row.labels,
      profiles: row.profiles,
      product: row.product,
      state: stateOf(row),
      agent: row.agent_state,
      lastSeenAt: instantOrNull(row.last_seen_at),
      lastObservedAt: instantOrNull(row.last_observed_at),
      mode: row.heartbeat?.mode ?? null,
      openFindings: row.open_findings,
      storesOverLimit: row.stores_over_limit,
      bytesStored: Number(row.bytes_stored),
      consent: CONSENT[convergence.state],
    };
  }
}
