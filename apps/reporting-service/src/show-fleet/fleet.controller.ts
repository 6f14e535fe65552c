import { serverName, type TrustAnchors } from '@mailwarden/contracts';
import { instantOf } from '@mailwarden/kernel';
import { Controller, Inject, Param } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { notFound } from '../http/api-problem.js';
import { Parsed } from '../http/parsed.js';
import { Route, type Reply } from '../http/route.js';
import { FindingViews } from '../show-findings/finding-views.js';
import { TRUST } from '../tokens.js';
import { fleetTotals, findingsByCode } from './fleet-totals.js';
import { ServerRows } from './server-rows.js';
import { Statements } from './statements.js';

@Controller()
export class FleetController {
  constructor(
    private readonly dataSource: DataSource,
    private readonly rows: ServerRows,
    private readonly findings: FindingViews,
    private readonly statements: Statements,
    @Inject(TRUST) private readonly anchors: TrustAnchors,
  ) {}

  @Route('fleet')
  async fleet(): Promise<Reply<'fleet'>> {
    const servers = (await this.rows.all()).map((shown) => shown.row);
    return { asOf: instantOf(Date.now()), servers, totals: await fleetTotals(this.dataSource, servers), findingsByCode: await findingsByCode(this.dataSource) };
  }

  @Route('server')
  async server(@Param('name', new Parsed(serverName)) name: string): Promise<Reply<'server'>> {
    const shown = await this.rows.one(name);
    if (shown === undefined) throw notFound('server of this name');
    const { row, labels, heartbeat } = shown;
    const findings = await this.findings.ofServer(name);
    const agent = {
      version: heartbeat?.agentVersion ?? null,
      bundleVersion: heartbeat?.bundleVersion ?? null,
      spoolMessages: heartbeat?.spool.messages ?? null,
      spoolLost: heartbeat?.spool.lost ?? null,
    };
    return { row, agent, findings, statements: await this.statements.of(name, labels, findings) };
  }

  /** Public keys only: what anyone needs to check receipts and checkpoints without us. */
  @Route('trust')
  async trust(): Promise<Reply<'trust'>> {
    const rows = await this.dataSource.query<{ name: string; executor_key: string }[]>(`SELECT name, executor_key FROM reporting.server ORDER BY name`);
    return { anchors: this.anchors, executors: Object.fromEntries(rows.map((row) => [row.name, row.executor_key])) };
  }
}
