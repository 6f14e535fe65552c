import { z } from 'zod';
import { enrolmentView, removalBody, tokenTerms, tokenView } from '../enrolment.js';
import { trustAnchors } from '../membership.js';
import { deadLetterView, discardDeadLetters, replayDeadLetters, replayedDeadLetters } from '../dead-letter-api.js';
import { acceptMissing, missingMessagesView } from '../missing-messages-api.js';
import { count, instant, serverName, uuid } from '../primitives.js';
import { fetchTextRequest, textFetch } from '../text-fetch.js';
import { applyRequest, appliedPolicies, exactPlans, exactRequest, planRequest, policyHistory, policyPlan, rotationDecision, rotationWaiting } from '../rotation-api.js';
import { addTextRequest, agreementText, consentAt, consentRecordDocument, decideReply, decideRequest, importReply, importRequest, policyOverview, proposal, proposalAnswer, proposalAnswered } from '../service-api.js';
import { consentView, eventView, findingView, fleetView, meView, operatorRole, operatorView, rotationView, serverView, transmissionsView } from './views.js';

/** A change that an operator asks for; who asks is taken from the session, never from the body. */
export const decideBody = decideRequest.omit({ decidedBy: true });
export const importBody = importRequest.omit({ by: true });
export const proposalBody = proposalAnswer.omit({ by: true, proposal: true });
/** `server` null: one that is heard and holds it. */
export const fetchTextBody = fetchTextRequest.omit({ by: true }).extend({ server: serverName.nullable() });
export const addTextBody = addTextRequest.omit({ by: true });
export const applyBody = applyRequest.omit({ by: true, dryRun: true });
export const checkBody = applyBody.omit({ reason: true });
export const exactBody = exactRequest.omit({ by: true });
export const rotationDecisionBody = rotationDecision.omit({ by: true });
export const signInBody = z.union([
  z.object({ link: z.string().min(16).max(200) }),
  z.object({ name: z.string().min(1).max(120), password: z.string().min(1).max(400) }),
]);

/** Name of a person who signs in: such as `jane.doe` or an address of mail. */
const OPERATOR_NAME = /^[a-z0-9][a-z0-9._@+-]{0,119}$/;

/** Page of a long list: ask again with `after` until `next` is null. */
export const page = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), next: z.string().nullable() });

/** The HTTP API. Paths are below `/api/v1`; every route but `signIn` wants a session or a token. */
export const ROUTES = {
  signIn: { method: 'POST', path: '/session', request: signInBody, reply: meView },
  signOut: { method: 'DELETE', path: '/session', request: null, reply: z.object({}) },
  setPassword: { method: 'POST', path: '/me/password', request: z.object({ password: z.string().min(12).max(400) }), reply: z.object({}) },
  me: { method: 'GET', path: '/me', request: null, reply: meView },
  operators: { method: 'GET', path: '/operators', request: null, reply: z.object({ operators: z.array(operatorView) }) },
  /** Lets a person in; whoever is known already gets a new link, and what they came in with before is void. */
  addOperator: { method: 'POST', path: '/operators', request: z.object({ name: z.string().regex(OPERATOR_NAME, 'must be small letters, digits and . _ @ + -, such as jane.doe, and at most 120 of them'), role: operatorRole }), reply: z.object({ link: z.string(), until: instant }) },
  removeOperator: { method: 'DELETE', path: '/operators/{name}', request: null, reply: z.object({}) },
  /** Tokens that servers enrol by, and servers that wait to be let in. */
  enrolment: { method: 'GET', path: '/enrolment', request: null, reply: enrolmentView },
  /** The token itself is in this answer and nowhere else. */
  makeEnrolmentToken: { method: 'POST', path: '/enrolment/tokens', request: tokenTerms, reply: z.object({ token: z.string().max(20_000), view: tokenView }) },
  withdrawEnrolmentToken: { method: 'DELETE', path: '/enrolment/tokens/{id}', request: null, reply: z.object({}) },
  answerEnrolment: { method: 'POST', path: '/enrolment/requests/{id}', request: z.object({ action: z.enum(['approve', 'reject']) }), reply: z.object({}) },
  /** Takes a server out of the fleet: its connection is cut, its keys count no more, and its orders are void. What is known of it stays. */
  removeServer: { method: 'POST', path: '/servers/{name}/removal', request: removalBody, reply: z.object({}) },
  fleet: { method: 'GET', path: '/fleet', request: null, reply: fleetView },
  server: { method: 'GET', path: '/servers/{name}', request: null, reply: serverView },
  findings: { method: 'GET', path: '/findings', request: null, reply: page(findingView) },
  finding: { method: 'GET', path: '/findings/{id}', request: null, reply: findingView },
  rotations: { method: 'GET', path: '/rotations', request: null, reply: page(rotationView) },
  rotation: { method: 'GET', path: '/rotations/{id}', request: null, reply: rotationView },
  /** What waits for a person or for time: approvals, marks, rollouts. */
  waiting: { method: 'GET', path: '/rotations/waiting', request: null, reply: rotationWaiting },
  decideRotation: { method: 'POST', path: '/rotations/decisions', request: rotationDecisionBody, reply: rotationWaiting },
  policies: { method: 'GET', path: '/policies', request: null, reply: policyOverview },
  applyPolicies: { method: 'POST', path: '/policies', request: applyBody, reply: appliedPolicies },
  /** The same without changing anything: mistakes, and what would change. */
  checkPolicies: { method: 'POST', path: '/policies/check', request: checkBody, reply: appliedPolicies },
  planPolicies: { method: 'POST', path: '/policies/plan', request: planRequest, reply: policyPlan },
  policyHistory: { method: 'GET', path: '/policies/{name}/history', request: null, reply: policyHistory },
  /** Asks hosts for exact plans, by orders that delete nothing. */
  askExact: { method: 'POST', path: '/policies/exact-plans', request: exactBody, reply: exactPlans },
  /** What has been answered to such orders so far. */
  exactPlans: { method: 'POST', path: '/policies/exact-plans/answers', request: z.object({ orders: z.array(uuid).max(1000) }), reply: exactPlans },
  consents: { method: 'GET', path: '/consents', request: null, reply: consentView },
  decide: { method: 'POST', path: '/consents/decisions', request: decideBody, reply: decideReply },
  /** One that waits for a second person, with all of its decisions. */
  proposal: { method: 'GET', path: '/consents/proposals/{id}', request: null, reply: proposal },
  /** By another person than the one who proposed it: `confirm` records all of it. Either may `reject`. */
  answerProposal: { method: 'POST', path: '/consents/proposals/{id}', request: proposalBody, reply: proposalAnswered },
  /** Decisions that were made elsewhere, all of them or none; with `dryRun` only what would come of it. */
  importDecisions: { method: 'POST', path: '/consents/decisions/import', request: importBody, reply: importReply },
  /** What counted at an instant, as it was known then or at another instant: `?at=...&known-at=...&server=...`. */
  consentAt: { method: 'GET', path: '/consents/at', request: null, reply: consentAt },
  /** JSON-LD: `?agreement=...`, and `&decision=...` for the receipt of one decision. */
  consentRecord: { method: 'GET', path: '/consents/record', request: null, reply: consentRecordDocument },
  /** JSON Lines: `?agreement=...`; what was decided on it, what servers attested, and the proofs, sealed. */
  evidencePack: { method: 'GET', path: '/evidence/pack', request: null, reply: z.null() },
  /** JSON Lines: `?from=...&to=...`, and `&server=...` for one server: all that the ledger took in, and the proof that nothing is missing, sealed. */
  evidencePeriod: { method: 'GET', path: '/evidence/period', request: null, reply: z.null() },
  transmissions: { method: 'GET', path: '/consents/transmissions', request: null, reply: transmissionsView },
  addAgreementText: { method: 'POST', path: '/consents/texts', request: addTextBody, reply: agreementText },
  /** Asks a server for the words of a text that it was only seen to hold; they come within seconds, sealed, and are taken only with that hash. */
  fetchAgreementText: { method: 'POST', path: '/consents/texts/fetch', request: fetchTextBody, reply: textFetch },
  agreementText: { method: 'GET', path: '/consents/texts/{agreement}/{sha256}', request: null, reply: agreementText },
  events: { method: 'GET', path: '/events', request: null, reply: page(eventView) },
  /** `?consumer=...&state=...&server=...`. */
  deadLetters: { method: 'GET', path: '/dead-letters', request: null, reply: page(deadLetterView) },
  deadLetter: { method: 'GET', path: '/dead-letters/{id}', request: null, reply: deadLetterView },
  replayDeadLetters: { method: 'POST', path: '/dead-letters/replay', request: replayDeadLetters, reply: replayedDeadLetters },
  discardDeadLetters: { method: 'POST', path: '/dead-letters/discard', request: discardDeadLetters, reply: z.object({ discarded: count }) },
  missingMessages: { method: 'GET', path: '/missing-messages', request: null, reply: missingMessagesView },
  acceptMissing: { method: 'POST', path: '/missing-messages/accept', request: acceptMissing, reply: z.object({ accepted: count }) },
  trust: { method: 'GET', path: '/trust', request: null, reply: z.object({ anchors: trustAnchors, executors: z.record(z.string(), z.string()) }) },
  /** Server-sent events, each a `liveUpdate`. */
  stream: { method: 'GET', path: '/stream', request: null, reply: z.null() },
} as const;
export type RouteName = keyof typeof ROUTES;
