import type { ApprovalRequest, RolloutProgress, RotationDecision, RotationMark, RotationWaiting } from '@mailwarden/contracts';
import { formatDuration } from '@mailwarden/kernel';
import { ApiClient } from '../api-client.js';
import { CommandFailure, EXIT, type ExitCode } from '../failure.js';
import { amountWords } from '../output/plan-text.js';
import { renderTable, type Column } from '../output/table.js';
import { someNames } from './named-things.js';
import { requireReason } from './policy/policy-apply.js';
import { printJson, printLines, type CommandContext } from './context.js';

/** A moment as it is from now: `in 3 days`, `2 hours ago`. */
function whenWords(at: string | null, nowMs = Date.now()): string {
  if (at === null) return '-';
  const seconds = (Date.parse(at) - nowMs) / 1000;
  return seconds >= 0 ? `in ${formatDuration(seconds)}` : `${formatDuration(-seconds)} ago`;
}

const REQUEST_COLUMNS: readonly Column<ApprovalRequest>[] = [
  { title: 'id', text: (row) => row.id },
  { title: 'server', text: (row) => row.server },
  { title: 'store', text: (row) => row.store },
  { title: 'policy', text: (row) => row.policy },
  { title: 'state', text: (row) => row.state, style: (row, style) => (row.state === 'waiting' ? style.yellow : style.dim) },
  { title: 'would delete', text: (row) => amountWords(row.foretold), align: 'right' },
  { title: 'approved', text: (row) => `${row.approvedBy.length} of ${row.approvals}${row.approvedBy.length === 0 ? '' : ` (${row.approvedBy.join(', ')})`}` },
  { title: 'lapses', text: (row) => whenWords(row.lapsesAt) },
];

const MARK_COLUMNS: readonly Column<RotationMark>[] = [
  { title: 'id', text: (row) => row.order },
  { title: 'server', text: (row) => row.server },
  { title: 'store', text: (row) => row.store },
  { title: 'policy', text: (row) => row.policy },
  { title: 'state', text: (row) => row.state, style: (row, style) => (row.state === 'due' ? style.red : row.state === 'released' ? style.dim : style.yellow) },
  { title: 'marked', text: (row) => amountWords(row.marked), align: 'right' },
  { title: 'goes', text: (row) => (row.state === 'released' ? 'not, it was released' : row.state === 'done' ? 'it went' : whenWords(row.dueAt)) },
];

const waveText = ({ wave, waves, state }: RolloutProgress): string => (state === 'complete' ? `all ${waves.length}` : `${Math.min(wave + 1, waves.length)} of ${waves.length}`);
const reached = ({ waves, wave, state }: RolloutProgress): string => {
  if (state === 'complete') return 'in force everywhere';
  const now = waves[Math.min(wave, waves.length - 1)];
  return now === undefined ? '-' : `${now.words}: ${now.done} of ${now.servers} servers done${now.failed === 0 ? '' : `, ${now.failed} failed`}`;
};

const ROLLOUT_COLUMNS: readonly Column<RolloutProgress>[] = [
  { title: 'policy', text: (row) => row.policy },
  { title: 'state', text: (row) => row.state, style: (row, style) => (row.state === 'stopped' ? style.red : row.state === 'complete' ? style.green : style.yellow) },
  { title: 'wave', text: waveText },
  { title: 'progress', text: reached },
  { title: 'since', text: (row) => whenWords(row.since) },
  { title: 'next wave', text: (row) => whenWords(row.nextAt) },
  { title: 'why', text: (row) => row.reason || '-' },
];

async function waitingOf(context: CommandContext): Promise<{ client: ApiClient; waiting: RotationWaiting }> {
  const client = await ApiClient.forRuntime(context.dataDir);
  return { client, waiting: await client.ask('waiting') };
}

function show<T>(rows: readonly T[], columns: readonly Column<T>[], nothing: string, context: CommandContext): void {
  if (context.format === 'json') printJson(context, rows);
  else if (rows.length === 0) context.print(nothing);
  else printLines(context, renderTable(columns, rows, context.style));
}

/** Exit: 0 nothing waits, 1 something does. */
export async function approvals(context: CommandContext): Promise<ExitCode> {
  const { requests } = (await waitingOf(context)).waiting;
  show(requests, REQUEST_COLUMNS, 'Nothing waits for approval.', context);
  return requests.some(({ state }) => state === 'waiting') ? EXIT.found : EXIT.nothingFound;
}

export async function marks(context: CommandContext): Promise<ExitCode> {
  show((await waitingOf(context)).waiting.marks, MARK_COLUMNS, 'Nothing is marked.', context);
  return EXIT.nothingFound;
}

/** Exit: 0 none is stopped, 1 one is. */
export async function rollouts(context: CommandContext): Promise<ExitCode> {
  const found = (await waitingOf(context)).waiting.rollouts;
  show(found, ROLLOUT_COLUMNS, 'No policy is on its way through waves.', context);
  return found.some(({ state }) => state === 'stopped') ? EXIT.found : EXIT.nothingFound;
}

const ID = /^[0-9a-f-]{4,36}$/;

/** The one id that begins as typed. Errors: CommandFailure when it is none, or not only one. */
export function idByStart(ids: readonly string[], typed: string, what: string, list: string): string {
  const start = typed.toLowerCase();
  const found = ID.test(start) ? ids.filter((id) => id.startsWith(start)) : [];
  const [id, other] = found;
  if (id === undefined) throw new CommandFailure(`no ${what} begins with ${typed}`, `see: ${list}; four characters of an id suffice where they are its own`);
  if (other !== undefined) throw new CommandFailure(`${found.length} of them begin with ${typed}`, `give more of it: ${someNames(found)}`);
  return id;
}

async function decide(client: ApiClient, decision: Omit<RotationDecision, 'by'>, done: string, context: CommandContext): Promise<ExitCode> {
  const waiting = await client.ask('decideRotation', { body: { ...decision, reason: requireReason(decision.reason) } });
  if (context.format === 'json') printJson(context, waiting);
  else context.print(decision.action === 'approve' ? approvedWords(waiting, decision.id) : done);
  return EXIT.nothingFound;
}

function approvedWords({ requests }: RotationWaiting, id: string): string {
  const request = requests.find((one) => one.id === id);
  const missing = request === undefined ? 0 : request.approvals - request.approvedBy.length;
  return missing > 0 && request?.state === 'waiting' ? `Your approval is recorded; ${missing} more by other people ${missing === 1 ? 'is' : 'are'} needed.` : 'Approved: the order is given for what was foretold, and no more.';
}

export async function decideOnRequest(action: 'approve' | 'reject', typed: string, reason: string, context: CommandContext): Promise<ExitCode> {
  const { client, waiting } = await waitingOf(context);
  const id = idByStart(waiting.requests.filter(({ state }) => state === 'waiting').map((request) => request.id), typed, 'waiting request', 'mailwarden approvals');
  return decide(client, { about: 'request', id, action, reason }, 'Rejected: nothing of it is deleted.', context);
}

export async function decideOnMark(action: 'release' | 'resume', typed: string, reason: string, context: CommandContext): Promise<ExitCode> {
  const { client, waiting } = await waitingOf(context);
  const among = waiting.marks.filter(({ state }) => (action === 'resume' ? state === 'released' : state !== 'released' && state !== 'done'));
  const id = idByStart(among.map(({ order }) => order), typed, action === 'resume' ? 'released mark' : 'mark that can be released', 'mailwarden marks');
  return decide(client, { about: 'mark', id, action, reason }, action === 'release' ? 'Released: nothing of it is deleted, and the policy marks nothing there until it is resumed.' : 'Resumed: the policy may mark there again.', context);
}

export async function decideOnRollout(action: 'stop' | 'resume', policy: string, reason: string, context: CommandContext): Promise<ExitCode> {
  const { client, waiting } = await waitingOf(context);
  if (!waiting.rollouts.some((rollout) => rollout.policy === policy)) throw new CommandFailure(`no policy called ${policy} has a rollout`, waiting.rollouts.length === 0 ? 'none is on its way' : `these have: ${someNames(waiting.rollouts.map((rollout) => rollout.policy))}`);
  return decide(client, { about: 'rollout', id: policy, action, reason }, action === 'stop' ? `Stopped: ${policy} gives no further order. What is under way comes to its end within its bounds.` : `Resumed: ${policy} goes on.`, context);
}
