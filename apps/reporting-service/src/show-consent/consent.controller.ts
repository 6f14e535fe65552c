import { effectiveConsent, type EntryIndex } from '@mailwarden/consent';
import { addTextBody, decideBody, fetchTextBody, importBody, instant, proposalBody, scopeKey, serverName, sha256Hex, slug, uuid, type AgreementObservation, type ConsentOverview, type ConsentView } from '@mailwarden/contracts';
import { instantOf, unknown } from '@mailwarden/kernel';
import { ServiceQuestions } from '@mailwarden/messaging';
import { Body, Controller, Param, Query } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { attestedServers } from '../follow-consent/attested-servers.js';
import { ConsentEntries } from '../follow-consent/consent-entries.js';
import { convergenceOf, type AttestedServer } from '../follow-consent/convergence.js';
import { ApiProblem } from '../http/api-problem.js';
import { Parsed } from '../http/parsed.js';
import { Route, type Reply } from '../http/route.js';
import { answered } from '../http/service-answer.js';
import { LiveUpdates } from '../live-updates/live-updates.js';
import { Asker, type Principal } from '../sign-in/principal.js';
import { FleetTransmissions } from './fleet-transmissions.js';
import { licenceNotices } from './licence-notices.js';
import { holderOf } from './text-holder.js';

/** How long another service may take to answer. Units: milliseconds. */
const ANSWER_MS = 5_000;
/** Two hundred decisions, each with its own place in the order. Units: milliseconds. */
const IMPORT_MS = 30_000;
/** `known-at` left out: as it was known then. */
const pastQuery = z.object({ at: instant, 'known-at': instant.optional(), server: serverName.optional() });
const proposalPath = z.object({ id: uuid });
const textPath = z.object({ agreement: slug, sha256: sha256Hex });

@Controller()
export class ConsentController {
  constructor(
    private readonly dataSource: DataSource,
    private readonly live: LiveUpdates,
    private readonly questions: ServiceQuestions,
    private readonly entries: ConsentEntries,
    private readonly fleet: FleetTransmissions,
  ) {}

  /** Told from the published entries and the registry's own that are not, so that a decision just made already counts as on its way. */
  @Route('consents')
  async consents(): Promise<Reply<'consents'>> {
    const overview = await answered('consent registry', this.questions.ask('consent.overview', {}, { timeoutMs: ANSWER_MS }));
    const servers = await attestedServers(this.dataSource);
    const entries = this.entries.with(overview.entries);
    const convergence = servers.map((server) => convergenceOf(entries, server));
    return { agreements: overview.agreements, decisions: overview.decisions, effective: await this.#effective(overview.agreements, entries, servers), convergence, unpublished: overview.entries.map(({ scope }) => scopeKey(scope)), twoPersons: overview.twoPersons, proposals: overview.proposals, fetches: overview.fetches, ...(await licenceNotices(this.dataSource)) };
  }

  /** Who decides is taken from the session; a name in the body has no say. */
  @Route('decide', ['privacy-officer', 'administrator'])
  async decide(@Body(new Parsed(decideBody)) body: z.output<typeof decideBody>, @Asker() asker: Principal): Promise<Reply<'decide'>> {
    const decision = await answered('consent registry', this.questions.ask('consent.decide', { ...body, decidedBy: asker.name }, { timeoutMs: ANSWER_MS }));
    this.live.tell('consent');
    return decision;
  }

  @Route('proposal')
  proposal(@Param(new Parsed(proposalPath)) { id }: z.output<typeof proposalPath>): Promise<Reply<'proposal'>> {
    return answered('consent registry', this.questions.ask('consent.proposal', { proposal: id }, { timeoutMs: ANSWER_MS }));
  }

  /** Safety: who confirms is taken from the session, and the registry refuses whoever proposed it. */
  @Route('answerProposal', ['privacy-officer', 'administrator'])
  async answerProposal(@Param(new Parsed(proposalPath)) { id }: z.output<typeof proposalPath>, @Body(new Parsed(proposalBody)) body: z.output<typeof proposalBody>, @Asker() asker: Principal): Promise<Reply<'answerProposal'>> {
    const reply = await answered('consent registry', this.questions.ask('consent.answer-proposal', { ...body, proposal: id, by: asker.name }, { timeoutMs: IMPORT_MS }));
    this.live.tell('consent');
    return reply;
  }

  @Route('importDecisions', ['privacy-officer', 'administrator'])
  async import(@Body(new Parsed(importBody)) body: z.output<typeof importBody>, @Asker() asker: Principal): Promise<Reply<'importDecisions'>> {
    const reply = await answered('consent registry', this.questions.ask('consent.import', { ...body, by: asker.name }, { timeoutMs: IMPORT_MS }));
    if (reply.recorded || reply.waitsFor !== null) this.live.tell('consent');
    return reply;
  }

  @Route('consentAt')
  at(@Query(new Parsed(pastQuery)) { at, 'known-at': knownAt, server }: z.output<typeof pastQuery>): Promise<Reply<'consentAt'>> {
    return answered('consent registry', this.questions.ask('consent.at', { at, knownAt: knownAt ?? at, server: server ?? null }, { timeoutMs: ANSWER_MS }));
  }

  @Route('agreementText')
  text(@Param(new Parsed(textPath)) { agreement, sha256 }: z.output<typeof textPath>): Promise<Reply<'agreementText'>> {
    return answered('consent registry', this.questions.ask('consent.text', { agreement, textSha256: sha256 }, { timeoutMs: ANSWER_MS }));
  }

  @Route('fetchAgreementText', ['privacy-officer', 'administrator'])
  async fetchText(@Body(new Parsed(fetchTextBody)) body: z.output<typeof fetchTextBody>, @Asker() asker: Principal): Promise<Reply<'fetchAgreementText'>> {
    const server = body.server ?? (await holderOf(this.dataSource, body.agreement, body.textSha256));
    if (server === null) throw new ApiProblem(422, 'Not done', 'No server holds this text now. Give it in from a file.');
    const asked = await answered('consent registry', this.questions.ask('consent.fetch-text', { ...body, server, by: asker.name }, { timeoutMs: ANSWER_MS }));
    this.live.tell('consent');
    return asked;
  }

  @Route('addAgreementText', ['privacy-officer', 'administrator'])
  async addText(@Body(new Parsed(addTextBody)) body: z.output<typeof addTextBody>, @Asker() asker: Principal): Promise<Reply<'addAgreementText'>> {
    const text = await answered('consent registry', this.questions.ask('consent.add-text', { ...body, by: asker.name }, { timeoutMs: ANSWER_MS }));
    this.live.tell('consent');
    return text;
  }

  @Route('transmissions')
  async transmissions(): Promise<Reply<'transmissions'>> {
    const overview = await answered('consent registry', this.questions.ask('consent.overview', {}, { timeoutMs: ANSWER_MS }));
    return this.fleet.transmissions(this.entries.with(overview.entries));
  }

  async #effective(agreements: ConsentOverview['agreements'], entries: EntryIndex, servers: readonly AttestedServer[]): Promise<ConsentView['effective']> {
    const rows = await this.dataSource.query<{ server: string; agreements: readonly AgreementObservation[] }[]>(`SELECT server, document -> 'agreements' AS agreements FROM reporting.observation`);
    const onHost = new Map<string, AgreementObservation>(rows.flatMap((row) => row.agreements.map((agreement) => [`${row.server} ${agreement.id}`, agreement] as const)));
    const at = entries.judgedAt(instantOf(Date.now()));
    return servers.flatMap(({ server, labels }) => {
      const texts = agreements.map(({ id }) => ({ id, textSha256: onHost.get(`${server} ${id}`)?.textSha256 ?? unknown('the text was not found on this server') }));
      return effectiveConsent({ entries, server, labels, agreements: texts, at }).map(({ agreement, state, because }) => ({ agreement, server, state, because }));
    });
  }
}
