import { writeFile } from 'node:fs/promises';
import type { TokenView, WaitingServer } from '@mailwarden/contracts';
import { formatDuration, parseDuration } from '@mailwarden/kernel';
import { ApiClient } from '../api-client.js';
import { CommandFailure, EXIT, type ExitCode } from '../failure.js';
import { renderTable, type Column } from '../output/table.js';
import { printJson, printLines, type CommandContext } from './context.js';

export interface TokenOptions {
  readonly uses: number;
  readonly expires: string;
  readonly label: Readonly<Record<string, string>>;
  readonly profile: readonly string[];
  readonly from: readonly string[];
  readonly approve: boolean;
  readonly replaces: string | null;
  readonly output: string | null;
}

const MS_PER_S = 1_000;
const SHORT_ID = 8;

/** A date that has passed says since when. */
const inTime = (at: string): string => {
  const seconds = (Date.parse(at) - Date.now()) / MS_PER_S;
  return seconds >= 0 ? `in ${formatDuration(seconds)}` : `${formatDuration(-seconds)} ago`;
};
const labelsOf = (labels: Readonly<Record<string, string>>): string => Object.entries(labels).map(([key, value]) => `${key}=${value}`).join(' ') || '-';

const TOKENS: readonly Column<TokenView>[] = [
  { title: 'token', text: (row) => row.id },
  { title: 'state', text: (row) => row.state },
  { title: 'used', text: (row) => `${row.used} of ${row.uses}` },
  { title: 'ends', text: (row) => inTime(row.expiresAt) },
  { title: 'labels', text: (row) => labelsOf(row.labels) },
  { title: 'from', text: (row) => row.addresses.join(' ') || 'anywhere' },
  { title: 'made by', text: (row) => row.madeBy },
];
const WAITING: readonly Column<WaitingServer>[] = [
  { title: 'request', text: (row) => row.id.slice(0, SHORT_ID) },
  { title: 'server', text: (row) => row.server },
  { title: 'from', text: (row) => row.address || 'unknown' },
  { title: 'key', text: (row) => row.agentKeyId },
  { title: 'token', text: (row) => row.token },
  { title: 'asked', text: (row) => inTime(row.askedAt) },
];

/** The token is shown here and nowhere else. */
export async function enrolToken(options: TokenOptions, context: CommandContext): Promise<ExitCode> {
  const life = parseDuration(options.expires);
  if (!life.ok) throw new CommandFailure(`${JSON.stringify(options.expires)} is no length of time`, 'write it as "2 hours" or "1 day"');
  const client = await ApiClient.forRuntime(context.dataDir);
  const body = { uses: options.uses, lifeSeconds: life.value, labels: options.label, profiles: options.profile, addresses: options.from, approval: options.approve, replaces: options.replaces };
  const { token, view } = await client.ask('makeEnrolmentToken', { body });
  if (options.output !== null) await kept(options.output, token);
  if (context.format === 'json') printJson(context, { ...view, ...(options.output === null ? { token } : { file: options.output }) });
  else {
    if (options.output === null) context.print(token);
    context.print(context.style.dim(`Counts for ${view.uses === 1 ? 'one server' : `${view.uses} servers`} until ${view.expiresAt}. On the mail server: mailwarden-agent enrol --token-file FILE --name NAME`));
  }
  return EXIT.nothingFound;
}

/** Whoever reads the token may enrol by it. */
async function kept(file: string, token: string): Promise<void> {
  await writeFile(file, `${token}\n`, { mode: 0o600, flag: 'wx' }).catch((cause: NodeJS.ErrnoException) => {
    throw new CommandFailure(cause.code === 'EEXIST' ? `${file} is there already` : `${file} cannot be written: ${cause.message}`, 'the token was made and is lost: name a new file, and withdraw this one (mailwarden enrol list)', [], { cause });
  });
}

export async function enrolList(context: CommandContext): Promise<ExitCode> {
  const { tokens, waiting } = await (await ApiClient.forRuntime(context.dataDir)).ask('enrolment');
  if (context.format === 'json') printJson(context, { tokens, waiting });
  else {
    if (tokens.length === 0) context.print('No token was made. Make one with: mailwarden enrol token');
    else printLines(context, renderTable(TOKENS, tokens, context.style));
    if (waiting.length > 0) {
      context.print('');
      printLines(context, renderTable(WAITING, waiting, context.style));
      context.print(context.style.dim('Let one in with: mailwarden enrol approve REQUEST. The server prints its key as well: compare them where it matters.'));
    }
  }
  return waiting.length > 0 ? EXIT.found : EXIT.nothingFound;
}

export async function enrolAnswer(request: string, action: 'approve' | 'reject', context: CommandContext): Promise<ExitCode> {
  const client = await ApiClient.forRuntime(context.dataDir);
  const { waiting } = await client.ask('enrolment');
  const found = waiting.filter(({ id, server }) => id.startsWith(request) || server === request);
  const [one] = found;
  if (one === undefined || request === '') throw new CommandFailure(`no server waits as ${request}`, 'see: mailwarden enrol list');
  if (found.length > 1) throw new CommandFailure(`${found.length} requests are called ${request}`, 'name one by more of its id', found.map(({ id, server, address }) => `${id}  ${server}  ${address}`));
  await client.ask('answerEnrolment', { params: { id: one.id }, body: { action } });
  if (context.format === 'json') printJson(context, { request: one.id, server: one.server, action });
  else context.print(action === 'approve' ? `${one.server} is in the fleet; its enrolment goes on by itself` : `${one.server} is refused`);
  return EXIT.nothingFound;
}

export async function enrolWithdraw(token: string, context: CommandContext): Promise<ExitCode> {
  await (await ApiClient.forRuntime(context.dataDir)).ask('withdrawEnrolmentToken', { params: { id: token } });
  if (context.format === 'json') printJson(context, { withdrawn: token });
  else context.print(`Nobody enrols by ${token} any more`);
  return EXIT.nothingFound;
}

export async function enrolRemove(server: string, cause: 'revoked' | 'retired', reason: string, context: CommandContext): Promise<ExitCode> {
  await (await ApiClient.forRuntime(context.dataDir)).ask('removeServer', { params: { name: server }, body: { cause, reason } });
  if (context.format === 'json') printJson(context, { server, cause });
  else context.print(`${server} is out of the fleet: its connection is cut, its keys count no more, and its orders are void. Its evidence stays.`);
  return EXIT.nothingFound;
}
