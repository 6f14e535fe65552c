import { agentSource, type MissingMessagesView } from '@mailwarden/contracts';
import { formatDuration } from '@mailwarden/kernel';
import { ApiClient } from '../api-client.js';
import { EXIT, type ExitCode } from '../failure.js';
import { renderTable, type Column } from '../output/table.js';
import { printJson, printLines, type CommandContext } from './context.js';
import { requireReason } from './policy/policy-apply.js';

const AGENT = agentSource('');

interface Row {
  readonly origin: string;
  readonly what: string;
  readonly seenAt: string;
}

/** An agent goes by the name of its server. */
const nameOf = (source: string, line: string): string => (source.startsWith(AGENT) ? source.slice(AGENT.length) : `${source} (${line})`);
const range = (first: number, last: number): string => (first === last ? `number ${first}` : `numbers ${first} to ${last}`);

const rowsOf = ({ missing, anew }: MissingMessagesView): Row[] => [
  ...anew.map(({ source, line, head, began, seenAt }) => ({ origin: nameOf(source, line), what: `counted up to ${head} and began again at ${began}`, seenAt })),
  ...missing.map(({ source, line, first, last, seenAt }) => ({ origin: nameOf(source, line), what: `${range(first, last)} did not come`, seenAt })),
];

const COLUMNS: readonly Column<Row>[] = [
  { title: 'origin', text: (row) => row.origin },
  { title: 'since', text: (row) => `${formatDuration(Math.max(0, (Date.now() - Date.parse(row.seenAt)) / 1000))} ago` },
  { title: 'what', text: (row) => row.what },
];

/** Exit: 0 nothing is missing, 1 something is. */
export async function missingList(context: CommandContext): Promise<ExitCode> {
  const view = await (await ApiClient.forRuntime(context.dataDir)).ask('missingMessages');
  const rows = rowsOf(view);
  if (context.format === 'json') printJson(context, view);
  else if (rows.length === 0) context.print('Every message that was numbered has come.');
  else printLines(context, renderTable(COLUMNS, rows, context.style));
  return rows.length === 0 ? EXIT.nothingFound : EXIT.found;
}

/** `origin` is the name of a server, or a service as the list has it. */
export async function missingAccept(origin: string, reason: string, context: CommandContext): Promise<ExitCode> {
  const source = origin.startsWith('mailwarden/') ? origin : agentSource(origin);
  const { accepted } = await (await ApiClient.forRuntime(context.dataDir)).ask('acceptMissing', { body: { source, reason: requireReason(reason) } });
  if (context.format === 'json') printJson(context, { accepted });
  else context.print(accepted === 0 ? `Nothing is missing of ${origin}.` : `Accepted. What comes of it all the same is taken.`);
  return accepted === 0 ? EXIT.found : EXIT.nothingFound;
}
