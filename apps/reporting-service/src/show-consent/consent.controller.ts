import { effectiveConsent } from '@mailwarden/consent';
import { decideBody, type AgreementObservation, type ConsentOverview, type ConsentView } from '@mailwarden/contracts';
import { instantOf, unknown } from '@mailwarden/kernel';
import { ServiceQuestions } from '@mailwarden/messaging';
import { Body, Controller } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { z } from 'zod';
import { attestedServers } from '../follow-consent/attested-servers.js';
import { convergenceOf, type AttestedServer } from '../follow-consent/convergence.js';
import { Parsed } from '../http/parsed.js';
import { Route, type Reply } from '../http/route.js';
import { answered } from '../http/service-answer.js';
import { LiveUpdates } from '../live-updates/live-updates.js';
import { Asker, type Principal } from '../sign-in/principal.js';

/** How long another service may take to answer. Units: milliseconds. */
const ANSWER_MS = 5_000;

@Controller()
export class ConsentController {
  constructor(
    private readonly dataSource: DataSource,
    private readonly live: LiveUpdates,
    private readonly questions: ServiceQuestions,
  ) {}

  /** Told from the registry's own entries, so that a decision just made already counts as on its way. */
  @Route('consents')
  async consents(): Promise<Reply<'consents'>> {
    const overview = await answered('consent registry', this.questions.ask('consent.overview', {}, { timeoutMs: ANSWER_MS }));
    const servers = await attestedServers(this.dataSource);
    const convergence = servers.map((server) => convergenceOf(overview.entries, server));
    return { agreements: overview.agreements, decisions: overview.decisions, effective: await this.#effective(overview, servers), convergence };
  }

  /** Who decides is taken from the session; a name in the body has no say. */
  @Route('decide', ['privacy-officer', 'administrator'])
  async decide(@Body(new Parsed(decideBody)) body: z.output<typeof decideBody>, @Asker() asker: Principal): Promise<Reply<'decide'>> {
    const decision = await answered('consent registry', this.questions.ask('consent.decide', { ...body, decidedBy: asker.name }, { timeoutMs: ANSWER_MS }));
    this.live.tell('consent');
    return decision;
  }

  async #effective({ agreements, entries }: ConsentOverview, servers: readonly AttestedServer[]): Promise<ConsentView['effective']> {
    const rows = await this.dataSource.query<{ server: string; agreements: readonly AgreementObservation[] }[]>(`SELECT server, document -> 'agreements' AS agreements FROM reporting.observation`);
    const onHost = new Map<string, AgreementObservation>(rows.flatMap((row) => row.agreements.map((agreement) => [`${row.server} ${agreement.id}`, agreement] as const)));
    const at = instantOf(Date.now());
    return servers.flatMap(({ server, labels }) => {
      const texts = agreements.map(({ id }) => ({ id, textSha256: onHost.get(`${server} ${id}`)?.textSha256 ?? unknown('the text was not found on this server') }));
      return effectiveConsent({ entries, server, labels, agreements: texts, at }).map(({ agreement, state, because }) => ({ agreement, server, state, because }));
    });
  }
}
