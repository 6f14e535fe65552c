import type { ConsentScope, ConsentView, Decision, ProposalSummary, RecordedDecision, ServerRow } from '@mailwarden/contracts';
import { ApiClient } from '../api-client.js';
import { CommandFailure, EXIT, type ExitCode } from '../failure.js';
import { renderTable } from '../output/table.js';
import { printable } from '../output/terminal.js';
import { DECISION_DONE, decidedMoment } from './decided-moment.js';
import { knownServer, someNames } from './named-things.js';
import { hashOf } from './consent-texts.js';
import { printJson, printLines, type CommandContext } from './context.js';
import { momentFrom } from './hold.js';
import { secondPersonWords } from './consent-proposals.js';

/** Short names that cover more than one agreement: taking part in KSN needs the statement, statistics need the supplementary one too. */
const SHORT_NAMES: Readonly<Record<string, { readonly grant: readonly string[]; readonly refuse: readonly string[] }>> = {
  ksn: { grant: ['ksn-statement'], refuse: ['ksn-statement', 'supplementary-ksn-statement'] },
  'ksn-extended': { grant: ['ksn-statement', 'supplementary-ksn-statement'], refuse: ['supplementary-ksn-statement'] },
};

export interface ConsentOptions {
  readonly group?: string | undefined;
  readonly server?: string | undefined;
  readonly onBehalfOf: string;
  readonly reason: string;
  readonly text?: string | undefined;
  readonly region?: string | undefined;
  readonly validUntil?: string | undefined;
  readonly decidedAt?: string | undefined;
  readonly wait: boolean;
}

type Labelled = Pick<ServerRow, 'server' | 'labels'>;

/** The scope that was asked for. Errors: CommandFailure for a server that the fleet does not have: a decision for a mistyped name would reach nobody, and read as if it had. */
export function scopeFrom(options: { readonly group?: string | undefined; readonly server?: string | undefined }, servers: readonly Labelled[]): ConsentScope {
  if (options.server !== undefined && options.group !== undefined) throw new CommandFailure('a decision has one scope', 'give --server or --group, not both');
  if (options.server !== undefined) return { kind: 'server', server: knownServer(servers, options.server) };
  if (options.group === undefined) return { kind: 'organisation' };
  const [label = '', value = '', ...more] = options.group.split('=');
  if (label === '' || value === '' || more.length > 0) throw new CommandFailure('a group is a label and its value', 'write it as --group role=mx');
  return { kind: 'group', label, value };
}

/** Whom a decision reaches now, in words. */
export function reachWords(scope: ConsentScope, servers: readonly Labelled[]): string {
  if (scope.kind === 'organisation') return `the organisation, ${servers.length} ${servers.length === 1 ? 'server' : 'servers'}`;
  if (scope.kind === 'server') return `server ${scope.server}`;
  const reached = servers.filter(({ labels }) => labels[scope.label] === scope.value).map(({ server }) => server);
  return `servers with ${scope.label}=${scope.value}: ${reached.length === 0 ? 'none bears this label now; it will count for those that come' : someNames(reached)}`;
}

const CONVERGENCE_TIMEOUT_MS = 10_000;
const CONVERGENCE_POLL_MS = 200;

export async function decide(action: 'grant' | 'decline' | 'withdraw', agreement: string, options: ConsentOptions, context: CommandContext): Promise<ExitCode> {
  const client = await ApiClient.forRuntime(context.dataDir);
  const agreements = SHORT_NAMES[agreement]?.[action === 'grant' ? 'grant' : 'refuse'] ?? [agreement];
  for (const [option, text] of [['--on-behalf-of', options.onBehalfOf], ['--reason', options.reason]] as const) if (text.trim() === '') throw new CommandFailure(`${option} is empty`, 'an auditor will ask; write it out');
  const { servers } = await client.ask('fleet');
  const scope = scopeFrom(options, servers);
  if (options.text !== undefined && agreements.length > 1) throw new CommandFailure(`${agreement} stands for ${agreements.length} agreements, and a text is of one`, `name the agreement itself: ${agreements.join(', ')}`);
  const terms = {
    textSha256: options.text === undefined ? null : await hashOf(client, agreements[0] ?? agreement, options.text),
    region: options.region ?? null,
    validUntil: options.validUntil === undefined ? null : momentFrom('--valid-until', options.validUntil, 'end'),
    decidedAt: options.decidedAt === undefined ? null : decidedMoment('--decided-at', options.decidedAt, action, new Date().toISOString()),
  };
  const startedAt = Date.now();
  const decisions: RecordedDecision[] = [];
  const proposals: ProposalSummary[] = [];
  for (const id of agreements) {
    const reply = await client.ask('decide', {
      body: { agreement: id, action, scope, onBehalfOf: options.onBehalfOf, means: 'command-line', reason: options.reason, ...terms },
    });
    if ('waitsFor' in reply) proposals.push(reply.waitsFor);
    else decisions.push(reply);
  }
  if (context.format === 'text') printLines(context, [...recordedLines(decisions, reachWords(scope, servers)), ...outrankedLines(decisions), ...proposals.map(secondPersonWords)]);
  const convergence = options.wait && decisions.length > 0 ? await waitForConvergence(client, startedAt, new Set(servers.filter((one) => isIn(scope, one)).map(({ server }) => server))) : [];
  if (context.format === 'json') printJson(context, { decisions, proposals, convergence });
  else if (options.wait) printLines(context, convergence.map((row) => `  ${row.server}: ${row.state}${row.milliseconds === null ? '' : ` after ${row.milliseconds} ms`}`));
  return proposals.length > 0 || convergence.some(isAwaited) ? EXIT.found : EXIT.nothingFound;
}

/** What a person must know who records a document that others came after. */
const outrankedLines = (decisions: readonly RecordedDecision[]): string[] =>
  decisions.flatMap(({ agreement, outrankedBy }) => (outrankedBy === null ? [] : [`  but ${agreement} stays ${DECISION_DONE[outrankedBy.action]} there: a later decision, of ${outrankedBy.decidedAt}, counts (${outrankedBy.decision})`]));

const recordedLines = (decisions: readonly Decision[], reach: string): string[] =>
  decisions.map(({ agreement, action, decidedBy, recordedAt }) => `${agreement} ${DECISION_DONE[action]} for ${reach}; recorded as decided by ${decidedBy} at ${recordedAt}`);

type Convergence = ConsentView['convergence'][number];

/** A server that is heard and has not said that it applied what was decided. */
const isAwaited = ({ state, attestedAt }: Convergence): boolean => state === 'converging' || (state === 'unknown' && attestedAt === null);

const isIn = (scope: ConsentScope, { server, labels }: Labelled): boolean => scope.kind === 'organisation' || (scope.kind === 'server' ? server === scope.server : labels[scope.label] === scope.value);

/** Waits until every server of the scope that is heard has attested, or the time is up. */
async function waitForConvergence(client: ApiClient, startedAt: number, reached: ReadonlySet<string>): Promise<Convergence[]> {
  for (;;) {
    const convergence = (await client.ask('consents')).convergence.filter(({ server }) => reached.has(server));
    if (!convergence.some(isAwaited) || Date.now() - startedAt > CONVERGENCE_TIMEOUT_MS) return convergence;
    await new Promise((resolve) => setTimeout(resolve, CONVERGENCE_POLL_MS));
  }
}

type Effective = ConsentView['effective'][number];
type AlikeServers = Pick<Effective, 'agreement' | 'state' | 'because'> & { readonly servers: string[] };

/** Servers for which an agreement stands the same and for the same reason share a line. */
export function alike(effective: readonly Pick<Effective, 'agreement' | 'state' | 'because' | 'server'>[]): AlikeServers[] {
  const lines = new Map<string, AlikeServers>();
  for (const { agreement, state, because, server } of effective) {
    const key = JSON.stringify([agreement, state, because]);
    const line = lines.get(key);
    if (line === undefined) lines.set(key, { agreement, state, because, servers: [server] });
    else line.servers.push(server);
  }
  return [...lines.values()].sort((a, b) => (a.agreement === b.agreement ? 0 : a.agreement < b.agreement ? -1 : 1));
}

export async function consentList(context: CommandContext): Promise<ExitCode> {
  const view = await (await ApiClient.forRuntime(context.dataDir)).ask('consents');
  if (context.format === 'json') {
    printJson(context, view);
    return EXIT.nothingFound;
  }
  printLines(
    context,
    renderTable(
      [
        { title: 'agreement', text: (row) => row.agreement },
        { title: 'state', text: (row) => row.state, style: (row, style) => (row.state === 'granted' ? style.green : style.yellow) },
        { title: 'because', text: (row) => row.because },
        { title: 'servers', text: (row) => someNames(row.servers) },
      ],
      alike(view.effective),
      context.style,
    ),
  );
  context.print('');
  printLines(
    context,
    renderTable(
      [
        { title: 'server', text: (row) => row.server },
        { title: 'convergence', text: (row) => row.state },
        { title: 'took', text: (row) => (row.milliseconds === null ? '-' : `${row.milliseconds} ms`), align: 'right' },
        { title: 'ksn', text: (row) => (row.ksn === null ? '-' : `${row.ksn.actual.known ? row.ksn.actual.value : 'unknown'}, covered ${row.ksn.desired}`) },
        { title: 'because', text: (row) => row.because },
      ],
      view.convergence,
      context.style,
    ),
  );
  if (view.licences.length > 0) printLines(context, ['', 'Licences that change what may be sent:', ...view.licences.map(({ server, message }) => printable(`  ${server}: ${message}`)), ...(view.licencesMore === 0 ? [] : [`  and ${view.licencesMore} more: mailwarden findings`])]);
  if (view.proposals.length > 0) printLines(context, ['', `${view.proposals.length === 1 ? 'One decision waits' : `${view.proposals.length} proposals wait`} for a second person: mailwarden consent proposals`]);
  return EXIT.nothingFound;
}
