import { effectiveConsent, type EntryIndex } from '@mailwarden/consent';
import type { AgreementObservation, TransmissionsView } from '@mailwarden/contracts';
import { instantOf } from '@mailwarden/kernel';
import type { DataSource } from 'typeorm';
import { attestedServers } from '../follow-consent/attested-servers.js';
import type { Profiles } from '../project-observation/judgement.js';
import { transmissionRows, type TransmittingServer } from './transmissions.js';

interface TransmittingRow extends Omit<TransmittingServer, 'effective' | 'filtered'> {
  readonly server: string;
  readonly agreements: readonly AgreementObservation[];
  readonly filtered: TransmittingServer['filtered'] | null;
}

/** Tells what the whole fleet transmits, from the newest observation of each server. */
export class FleetTransmissions {
  constructor(
    private readonly dataSource: DataSource,
    private readonly profiles: Profiles,
  ) {}

  async transmissions(entries: EntryIndex): Promise<TransmissionsView> {
    const at = entries.judgedAt(instantOf(Date.now()));
    const labels = new Map((await attestedServers(this.dataSource)).map((one) => [one.server as string, one.labels]));
    const rows = await this.dataSource.query<TransmittingRow[]>(`SELECT o.server, o.profile, o.document -> 'flows' AS flows, o.document -> 'agreements' AS agreements, CASE WHEN o.document #>> '{egress,value,filter}' = 'stands' THEN o.document #> '{egress,value,flows}' END AS filtered
       FROM reporting.observation o JOIN reporting.server s ON s.name = o.server WHERE s.profiles ? o.profile AND s.status = 'active'`);
    const servers = rows.map(({ server, profile, flows, agreements, filtered }): TransmittingServer => ({ profile, flows, filtered: filtered ?? [], effective: effectiveConsent({ entries, server, labels: labels.get(server) ?? {}, agreements, at }) }));
    return { at, rows: transmissionRows([...this.profiles.values()], servers) };
  }
}
