import { z } from 'zod';
import { CONSENT_STATES, consentEntry, consentScope, decision, DECISION_ACTIONS, recordedDecision } from './consent.js';
import { applyRequest, appliedPolicies, exactPlans, exactRequest, planRequest, policyHistory, policyPlan, rotationDecision, rotationWaiting } from './rotation-api.js';
import { fetchTextRequest, textFetch } from './text-fetch.js';
import { count, instant, sentence, serverName, sha256Hex, slug, uuid } from './primitives.js';

/** Answer of a service on core request-reply: the value, or what is wrong and what to do. */
export const answer = <T extends z.ZodType>(value: T) =>
  z.union([z.object({ ok: z.literal(true), value }), z.object({ ok: z.literal(false), code: slug, detail: sentence })]);
export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly code: string; readonly detail: string };

export const decideRequest = z.object({
  agreement: slug,
  /** Null means the newest known text of the agreement. */
  textSha256: sha256Hex.nullable(),
  action: z.enum(DECISION_ACTIONS),
  scope: consentScope,
  decidedBy: z.string().min(1).max(120),
  onBehalfOf: z.string().min(1).max(200),
  means: z.enum(['console', 'command-line', 'imported-document']),
  reason: sentence,
  validUntil: instant.nullable(),
  region: z.string().max(60).nullable(),
  /** When it was decided, where an older document is recorded; null for now. */
  decidedAt: instant.nullable().default(null),
});
export type DecideRequest = z.output<typeof decideRequest>;

/** Which decisions take two persons: none, those that permit something, or all. */
export const TWO_PERSON_RULES = ['none', 'grants', 'all'] as const;
export type TwoPersonRule = (typeof TWO_PERSON_RULES)[number];
/** Decisions of a proposal that a list shows; the proposal itself has all. */
export const PROPOSED_SHOWN_MAX = 10;
const proposalFacts = { id: uuid, proposedBy: z.string().min(1).max(120), proposedAt: instant, lapsesAt: instant, /** Of the file that they are taken over from; null for one that was made here. */ documentSha256: sha256Hex.nullable() };
/** What one person would have recorded, and another one has to confirm first. It counts for nothing until then, and never changes: a grant names the text that was the newest when it was proposed. */
export const proposal = z.object({ ...proposalFacts, decisions: z.array(decideRequest.omit({ decidedBy: true })).min(1).max(200) });
export type Proposal = z.output<typeof proposal>;
/** The same in a list, with the first of its decisions. */
export const proposalSummary = z.object({ ...proposalFacts, decisions: z.array(decideRequest.omit({ decidedBy: true })).min(1).max(PROPOSED_SHOWN_MAX), count });
export type ProposalSummary = z.output<typeof proposalSummary>;
/** What became of a decision: recorded, or put before a second person. */
export const decideReply = z.union([recordedDecision, z.object({ waitsFor: proposalSummary })]);
export type DecideReply = z.output<typeof decideReply>;
/** Another person's word on a proposal. Whoever made it may take it back by `reject`. */
export const proposalAnswer = z.object({ proposal: uuid, action: z.enum(['confirm', 'reject']), by: z.string().min(1).max(120), reason: sentence });
export type ProposalAnswer = z.output<typeof proposalAnswer>;
/** The decisions as they were recorded; none where it was rejected. */
export const proposalAnswered = z.object({ recorded: z.array(recordedDecision).max(200) });
export type ProposalAnswered = z.output<typeof proposalAnswered>;

/** Decisions that one file may hold; they are taken over together or not at all. */
export const IMPORT_ROWS_MAX = 200;
/** Decisions that were made elsewhere, in the order of their file. Dry: everything is checked, and nothing recorded. */
export const importRequest = z.object({ decisions: z.array(decideRequest.omit({ decidedBy: true, means: true })).min(1).max(IMPORT_ROWS_MAX), documentSha256: sha256Hex, by: z.string().min(1).max(120), dryRun: z.boolean() });
export type ImportRequest = z.output<typeof importRequest>;
/** One row for each decision: recorded, or as it would be; or why it cannot be. `waitsFor`: they were put before a second person. */
export const importReply = z.object({ recorded: z.boolean(), waitsFor: proposalSummary.nullable().default(null), rows: z.array(answer(recordedDecision)).max(IMPORT_ROWS_MAX) });
export type ImportReply = z.output<typeof importReply>;

/** Where a text is known from: somebody with the right to do so gave it in, or a server was seen to hold it. */
export const TEXT_ORIGINS = ['imported', 'seen'] as const;
const textFacts = { textSha256: sha256Hex, label: z.string().min(1).max(100), language: z.string().min(2).max(20), effectiveAt: instant.nullable() };
export const agreementVersion = z.object({ ...textFacts, seenAt: instant, origin: z.enum(TEXT_ORIGINS).default('seen') });
export const agreementSummary = z.object({ id: slug, title: z.string().max(200), gates: z.array(z.string().max(200)), versions: z.array(agreementVersion) });

/** Longest text of an agreement. Units: characters. */
export const AGREEMENT_CHARACTERS_MAX = 150_000;
/** Longest file with such a text: four bytes is the longest character. Units: bytes. */
export const AGREEMENT_BYTES_MAX = 4 * AGREEMENT_CHARACTERS_MAX;
/** Gives in the text of an agreement; the registry computes its hash, which is that of the file. */
export const addTextRequest = z.object({ agreement: slug, label: textFacts.label, language: textFacts.language, effectiveAt: instant.nullable(), text: z.string().min(1).max(AGREEMENT_CHARACTERS_MAX), by: z.string().min(1).max(120) });
export type AddTextRequest = z.output<typeof addTextRequest>;
/** `text` is null while the text was only seen on servers, which tell its hash alone. */
export const agreementText = agreementVersion.extend({ agreement: slug, text: z.string().max(AGREEMENT_CHARACTERS_MAX).nullable() });
export type AgreementText = z.output<typeof agreementText>;

/** Rows of a past state that one answer holds. */
export const PAST_ROWS_MAX = 1_000;
/** What counted at an instant, as far as it was known at another: by decisions alone, since texts on servers are not recorded over time. */
export const consentAtRequest = z.object({ at: instant, knownAt: instant, server: serverName.nullable() });
export type ConsentAtRequest = z.output<typeof consentAtRequest>;
export const consentAt = z.object({
  at: instant,
  knownAt: instant,
  rows: z.array(z.object({ server: serverName, agreement: slug, state: z.enum(CONSENT_STATES), because: z.string().max(500), decision: uuid.nullable() })).max(PAST_ROWS_MAX),
  rowsLeft: count,
});
export type ConsentAt = z.output<typeof consentAt>;
/** Decisions that one page holds. */
export const DECISION_PAGE = 200;
/** All that was decided on one agreement, the oldest first; `after` is the `next` of the page before. */
export const decisionsRequest = z.object({ agreement: slug, after: count.nullable() });
export const decisionPage = z.object({ title: z.string().max(200), decisions: z.array(decision).max(DECISION_PAGE), next: count.nullable() });
export type DecisionPage = z.output<typeof decisionPage>;
export const consentOverview = z.object({ agreements: z.array(agreementSummary), decisions: z.array(decision), /** Recorded and not published yet. */ entries: z.array(consentEntry), twoPersons: z.enum(TWO_PERSON_RULES).default('none'), /** What waits for a second person. */ proposals: z.array(proposalSummary).default([]), /** Texts whose words were asked of a server. */ fetches: z.array(textFetch).default([]) });
export type ConsentOverview = z.output<typeof consentOverview>;

/** A consent record, or the receipt of one decision, as JSON-LD: the terms are DPV's, and `docs/consent-record.md` explains each. */
export const consentRecordDocument = z.object({ '@context': z.record(z.string(), z.url()), '@id': z.string().regex(/^urn:uuid:[0-9a-f-]{36}$/), '@type': z.enum(['dpv:ConsentRecord', 'dpv:ConsentReceipt']) }).catchall(z.unknown());
/** Without a decision, the record of the agreement; with one, its receipt. */
export const consentRecordRequest = z.object({ agreement: slug, decision: uuid.nullable() });
export type ConsentRecordRequest = z.output<typeof consentRecordRequest>;

export const policySummary = z.object({
  name: slug,
  version: sha256Hex,
  kind: slug,
  mode: z.string().max(20),
  reason: sentence,
  activeSince: instant,
  servers: count,
  text: z.string().max(200_000),
  /** Whether it was applied, or lies as a file in the worker's folder. */
  origin: z.enum(['applied', 'file']).default('file'),
});
export const policyOverview = z.object({ policies: z.array(policySummary), problems: z.array(z.object({ file: z.string().max(300), line: count, path: z.string().max(300), message: sentence })) });
export type PolicyOverview = z.output<typeof policyOverview>;

/** Queries of the services with the forms of question and answer. */
export const SERVICE_QUERIES = {
  'consent.decide': { request: decideRequest, reply: answer(decideReply) },
  'consent.decisions': { request: decisionsRequest, reply: answer(decisionPage) },
  'consent.proposal': { request: z.object({ proposal: uuid }), reply: answer(proposal) },
  'consent.answer-proposal': { request: proposalAnswer, reply: answer(proposalAnswered) },
  'consent.import': { request: importRequest, reply: answer(importReply) },
  'consent.add-text': { request: addTextRequest, reply: answer(agreementText) },
  'consent.fetch-text': { request: fetchTextRequest, reply: answer(textFetch) },
  'consent.text': { request: z.object({ agreement: slug, textSha256: sha256Hex }), reply: answer(agreementText) },
  'consent.at': { request: consentAtRequest, reply: answer(consentAt) },
  'consent.record': { request: consentRecordRequest, reply: answer(consentRecordDocument) },
  'consent.overview': { request: z.object({}), reply: answer(consentOverview) },
  'rotation.policies': { request: z.object({}), reply: answer(policyOverview) },
  'rotation.plan': { request: planRequest, reply: answer(policyPlan) },
  'rotation.apply': { request: applyRequest, reply: answer(appliedPolicies) },
  'rotation.history': { request: z.object({ policy: slug }), reply: answer(policyHistory) },
  'rotation.waiting': { request: z.object({}), reply: answer(rotationWaiting) },
  'rotation.decide': { request: rotationDecision, reply: answer(rotationWaiting) },
  /** Issues the orders. */
  'rotation.ask-exact': { request: exactRequest, reply: answer(exactPlans) },
  /** What has been answered so far. */
  'rotation.exact': { request: z.object({ orders: z.array(uuid).max(1000) }), reply: answer(exactPlans) },
} as const;
export type ServiceQuery = keyof typeof SERVICE_QUERIES;

/** Queries that change something: each question counts once. */
export const CHANGING_QUERIES: ReadonlySet<ServiceQuery> = new Set(['consent.decide', 'consent.import', 'consent.answer-proposal', 'consent.add-text', 'consent.fetch-text', 'rotation.apply', 'rotation.decide', 'rotation.ask-exact']);
/** How far a question's time may be from the clock of who answers it, both ways. Units: milliseconds. */
export const QUESTION_LIFE_MS = 60_000;

/** What an answer's envelope carries: to which question it is the answer. */
export const answerPaper = <T extends z.ZodType>(reply: T) => z.object({ question: uuid, answer: reply });
