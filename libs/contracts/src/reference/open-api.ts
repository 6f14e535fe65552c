import { problem } from '../http/views.js';
import { ROUTES, type RouteName } from '../http/routes.js';
import { jsonSchemaOf, type JsonSchema } from './json-schema.js';

/** What the reference says of each route, beside its forms. */
const SUMMARIES: Readonly<Record<RouteName, string>> = {
  signIn: 'Sign in with a one-time link or with name and password; sets the session cookie',
  signOut: 'End this session',
  setPassword: 'Set the password of whoever asks; ends their other sessions',
  me: 'Who asks, and the token that changes must carry in the header x-csrf-token',
  operators: 'Who may sign in, beside the first operator',
  addOperator: 'Let a person in: the reply has a link that signs in once, within a day',
  removeOperator: 'Take a person\'s way in, and end their sessions',
  enrolment: 'Tokens that servers enrol by, and servers that wait for an operator to agree',
  makeEnrolmentToken: 'Make a token that servers enrol by; it is in this reply and nowhere else',
  withdrawEnrolmentToken: 'Take a token back',
  answerEnrolment: 'Let a server in that waits, or refuse it',
  removeServer: 'Take a server out of the fleet: its connection is cut, its keys count no more, its orders are void; what is known of it stays',
  fleet: 'All servers with their state, totals and findings by kind',
  server: 'One server: agent, findings and live data-provision statements',
  findings: 'Findings, newest change first',
  finding: 'One finding with its life and its remediation',
  rotations: 'Rotation orders, newest first, each with receipt and proof',
  rotation: 'One rotation order with receipt and proof',
  waiting: 'Approvals that are asked for, marks whose grace runs, and rollouts',
  decideRotation: 'Approve or reject a request, release or resume a mark, stop or resume a rollout; who decides is whoever is signed in',
  applyPolicies: 'Add, change and remove policies as one step; nothing changes when one of them has a mistake',
  checkPolicies: 'The same without changing anything: mistakes with their lines, and what would change',
  planPolicies: 'What policies would delete, from recorded state: totals, and the rows where most would go',
  policyHistory: 'Versions of one policy that were applied, the newest first',
  askExact: 'Ask hosts for exact plans, by orders that delete nothing',
  exactPlans: 'What hosts have answered to such orders so far',
  policies: 'Policies as they are in force, and the problems of the policy files',
  consents: 'Agreements, decisions, effective consent and how far it has reached each server',
  decide: 'Record a consent decision, or put it before a second person',
  proposal: 'One proposal that waits for a second person, with all of its decisions',
  answerProposal: 'Confirm, as another person, what was proposed, or reject it',
  consentAt: 'What consent counted at an instant, as far as it was known then or at another instant',
  transmissions: 'What products transmit, to whom and under which agreements, with how many servers may, do and are refused: the transmission part of a record after Article 30 GDPR',
  importDecisions: 'Takes over decisions that were made elsewhere, in the order of their file: all of them, or none. With `dryRun` everything is checked and nothing recorded',
  evidencePack: 'What was decided on one agreement, what each server attested and the proofs that the ledger has both, sealed, as JSON Lines: `mailwarden evidence verify` checks it offline',
  evidencePeriod: 'All that the ledger took in within a period, or what of it is about one server, with the proof that nothing is missing, sealed, as JSON Lines: `mailwarden evidence verify` checks it offline',
  consentRecord: 'The consent record of one agreement, or the receipt of one decision, after ISO/IEC TS 27560 in the terms of DPV',
  addAgreementText: 'Give in the text of an agreement; its hash is that of the file',
  fetchAgreementText: 'Ask a server for the words of a text that it was only seen to hold',
  agreementText: 'One text of an agreement, with its words where they were given in',
  events: 'Events as subscribers of the bus hear them, newest first',
  deadLetters: 'Messages that were put aside, newest first: why, by which consumer and from where, never what they say; for operators and administrators',
  deadLetter: 'One of them',
  replayDeadLetters: 'Give some that wait, or all, to their consumers again, which check them as the first time; what is on its way already stays so',
  discardDeadLetters: 'Give some up: nobody will hear them',
  missingMessages: 'Messages that were numbered and did not come, and origins that began to count anew; for operators and administrators',
  acceptMissing: 'Accept what is missing or began anew of one origin: it is told no more',
  trust: 'Public keys to check receipts and checkpoints with',
  stream: 'Live updates as server-sent events: which part of what is shown has changed',
};

/** Questions that a list takes beside its path. */
const QUERIES: Readonly<Partial<Record<RouteName, readonly string[]>>> = {
  findings: ['after', 'limit', 'server', 'state', 'code', 'store', 'severity'],
  rotations: ['after', 'limit', 'server', 'store'],
  events: ['after', 'limit', 'server', 'event', 'severity'],
  deadLetters: ['after', 'limit', 'consumer', 'state', 'server'],
  consentAt: ['at', 'known-at', 'server'],
  consentRecord: ['agreement', 'decision'],
  evidencePack: ['agreement', 'since'],
  evidencePeriod: ['from', 'to', 'server', 'since'],
};

const REQUIRED_QUERIES: ReadonlySet<string> = new Set(['at', 'agreement', 'from', 'to']);

const json = (schema: JsonSchema) => ({ 'application/json': { schema } });

function contentOf(name: RouteName, schema: JsonSchema): JsonSchema {
  if (name === 'evidencePack' || name === 'evidencePeriod') return { 'application/x-ndjson': { schema: { type: 'string' } } };
  if (name === 'stream') return { 'text/event-stream': { schema: { type: 'string' } } };
  return name === 'consentRecord' ? { 'application/ld+json': { schema } } : json(schema);
}

function operation(name: RouteName): JsonSchema {
  const { path, request, reply } = ROUTES[name];
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => ({ name: match[1], in: 'path', required: true, schema: { type: 'string' } }));
  const inQuery = (QUERIES[name] ?? []).map((query) => ({ name: query, in: 'query', required: REQUIRED_QUERIES.has(query), schema: { type: query === 'limit' ? 'integer' : 'string' } }));
  const content = contentOf(name, jsonSchemaOf(reply));
  return {
    operationId: name,
    summary: SUMMARIES[name],
    ...(inPath.length + inQuery.length === 0 ? {} : { parameters: [...inPath, ...inQuery] }),
    ...(request === null ? {} : { requestBody: { required: true, content: json(jsonSchemaOf(request)) } }),
    responses: { 200: { description: 'Done', content }, default: { description: 'What went wrong (RFC 9457)', content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } } },
    ...(name === 'signIn' ? { security: [] } : {}),
  };
}

/** The HTTP API as an OpenAPI 3.1 document, made from the very schemas that requests are checked by. */
export function openApiDocument(): JsonSchema {
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const name of Object.keys(ROUTES) as RouteName[]) {
    const { path, method } = ROUTES[name];
    paths[path] = { ...paths[path], [method.toLowerCase()]: operation(name) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Mailwarden', version: '1', description: 'Live data-provision statements, findings, rotations, consent and evidence of a fleet of mail servers.' },
    servers: [{ url: '/api/v1' }],
    security: [{ session: [] }, { local: [] }],
    paths,
    components: {
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: 'mailwarden_session', description: 'Changes must also carry the header x-csrf-token with the token from /me.' },
        local: { type: 'http', scheme: 'bearer', description: 'Token of the local command line.' },
      },
      schemas: { Problem: jsonSchemaOf(problem) },
    },
  };
}
