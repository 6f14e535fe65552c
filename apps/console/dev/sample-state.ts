import type { RouteName } from '@mailwarden/contracts';
import { sampleConsent, sampleConsentAt, sampleDecision, samplePolicies, sampleProposals, sampleText } from './sample-consent.js';
import { sampleEvents } from './sample-events.js';
import { sampleFindings } from './sample-findings.js';
import { sampleNames, sampleRows } from './sample-servers.js';
import { sampleStatement } from './sample-statement.js';
import { sampleChanges, sampleHistory, samplePlan, sampleWaiting } from './sample-policies.js';
import { sampleRotations, type SampleStage } from './sample-rotations.js';
import { ago, MINUTE } from './sample-time.js';

const ME = { name: 'administrator', role: 'administrator', csrf: 'sample-token' };
const PAGE = 6;

/** A made-up fleet that changes a little while it is looked at. */
export class SampleState {
  readonly #startedAtMs = Date.now();
  readonly #decisions: unknown[] = [];
  readonly #decided: string[] = [];
  #events = 150;
  #decidedAtMs = 0;
  stage: SampleStage = 'ordered';
  signedIn = true;
  many = 0;

  /** Something happened. */
  step(): void {
    this.#events += 1;
    this.stage = this.stage === 'ordered' ? 'completed' : this.stage === 'completed' ? 'proved' : 'ordered';
  }

  answer(route: RouteName, parameter: string, query: URLSearchParams, body: unknown): unknown {
    switch (route) {
      case 'me':
      case 'signIn':
        return ME;
      case 'signOut':
      case 'setPassword':
        return {};
      case 'fleet':
        return this.#fleet();
      case 'server':
        return this.#server(parameter);
      case 'findings':
        return this.#page(this.#findings(query), query);
      case 'finding':
        return sampleFindings().find((finding) => finding['id'] === parameter);
      case 'rotations':
        return this.#page(sampleRotations(this.stage).filter((view) => !query.has('server') || (view as { order: { server: string } }).order.server === query.get('server')), query);
      case 'rotation':
        return sampleRotations(this.stage).find((view) => (view as { order: { id: string } }).order.id === parameter);
      case 'policies':
        return samplePolicies();
      case 'policyHistory':
        return sampleHistory(parameter);
      case 'checkPolicies':
      case 'applyPolicies':
        return sampleChanges((body as { documents: string[] }).documents);
      case 'planPolicies':
        return samplePlan((body as { documents: string[] | null }).documents);
      case 'askExact':
      case 'exactPlans':
        return { orders: [] };
      case 'waiting':
        return sampleWaiting(this.#decided);
      case 'decideRotation':
        this.#decided.push((body as { id: string }).id);
        return sampleWaiting(this.#decided);
      case 'consents':
        return sampleConsent(sampleNames(), this.#decisions, Date.now() - this.#decidedAtMs < 1_500, this.#decided);
      case 'consentAt':
        return sampleConsentAt(sampleNames(), query.get('at') ?? ago(0), query.get('known-at'));
      case 'agreementText':
      case 'addAgreementText':
        return sampleText();
      case 'decide':
        return this.#decide(body as Record<string, string>);
      case 'proposal':
        return sampleProposals(this.#decided)[0];
      case 'answerProposal':
        this.#decided.push(parameter);
        return { recorded: [] };
      case 'events':
        return this.#page(sampleEvents(this.#events, this.#startedAtMs).filter((event) => (['server', 'event', 'severity'] as const).every((name) => !query.has(name) || event[name] === query.get(name))), query, 40);
      default:
        return undefined;
    }
  }

  #decide(body: Record<string, string>): unknown {
    this.#decidedAtMs = Date.now();
    const decision = sampleDecision(400 + this.#decisions.length, body['agreement'] ?? '', body['action'] ?? '', body['scope'], 0, body['onBehalfOf'], body['reason']);
    this.#decisions.unshift(decision);
    return { ...(decision as object), outrankedBy: null };
  }

  #fleet(): unknown {
    const servers = sampleRows(this.many);
    return {
      asOf: ago(0), servers, totals: { servers: servers.length, live: servers.length - 2, inOrder: 1, withFindings: 4, openFindings: 15, bytesStored: 14_148_999_333, rotationsToday: 3, bytesRotatedToday: 651_200_000 },
      findingsByCode: [['ksn-without-consent', 'critical', 1], ['access-too-wide', 'high', 2], ['over-limit', 'high', 2], ['dump-switched-on', 'high', 1], ['consent-by-answer-file', 'high', 1], ['leftover-files', 'medium', 1], ['orphaned-halves', 'medium', 1], ['memory-exposed', 'info', 6]].map(([code, severity, open]) => ({ code, severity, open, servers: 1 })),
    };
  }

  #server(name: string): unknown {
    const row = sampleRows(this.many).find((one) => (one as { server: string }).server === name) as { agent: string } | undefined;
    if (row === undefined) return undefined;
    const known = row.agent !== 'never';
    return { row, agent: { version: known ? '0.1.0' : null, bundleVersion: known ? 12 : null, spoolMessages: known ? 0 : null, spoolLost: known ? (name === 'archive-oslo' ? 3 : 0) : null }, findings: sampleFindings().filter((finding) => finding['server'] === name), statements: known ? [sampleStatement(name, this.stage !== 'ordered', row.agent === 'silent' ? 43 * MINUTE : 20_000)] : [] };
  }

  #findings(query: URLSearchParams): unknown[] {
    return sampleFindings().filter((finding) => (['state', 'severity', 'server', 'code', 'store'] as const).every((name) => !query.has(name) || finding[name] === query.get(name)));
  }

  #page(items: readonly unknown[], query: URLSearchParams, size = PAGE): unknown {
    const from = Number(query.get('after') ?? 0);
    return { items: items.slice(from, from + size), next: from + size < items.length ? String(from + size) : null };
  }
}
