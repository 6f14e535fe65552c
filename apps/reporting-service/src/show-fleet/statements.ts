import { buildStatement } from '@mailwarden/assessment';
import { observation, type FindingView, type Labels, type Statement } from '@mailwarden/contracts';
import { instantOf } from '@mailwarden/kernel';
import type { DataSource } from 'typeorm';
import type { TrendBook } from '../follow-trends/trend-book.js';
import type { Judgement } from '../project-observation/judgement.js';

/** Builds the live data-provision statement of a server from its latest observations. */
export class Statements {
  constructor(
    private readonly dataSource: DataSource,
    private readonly judgement: Judgement,
    private readonly trends: TrendBook,
  ) {}

  async of(server: string, labels: Labels, _findings: readonly FindingView[]): Promise<Statement[]> {
    const rows = await this.dataSource.query<{ document: unknown }[]>(`SELECT document FROM reporting.observation WHERE server = $1 ORDER BY profile`, [server]);
    const now = instantOf(Date.now());
    const statements = rows.map(async (row): Promise<Statement[]> => {
      const seen = observation.parse(row.document);
      const bearing = this.judgement.bearingOn(seen, labels, now);
      return bearing === undefined ? [] : [buildStatement({ observation: seen, ...bearing, trends: await this.trends.of(this.dataSource, server, seen.profile), now })];
    });
    return (await Promise.all(statements)).flat();
  }
}
