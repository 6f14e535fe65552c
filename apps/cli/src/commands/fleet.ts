import type { FindingView, RotationView, ServerRow } from '@mailwarden/contracts';
import { formatByteCount, formatDuration } from '@mailwarden/kernel';
import { ApiClient } from '../api-client.js';
import { EXIT, type ExitCode } from '../failure.js';
import { statementText, worstFirst } from '../output/statement-text.js';
import { renderTable, type Column } from '../output/table.js';
import type { Style } from '../output/terminal.js';
import { knownServer } from './named-things.js';
import { printJson, printLines, type CommandContext } from './context.js';

const JUST_NOW_MS = 1_000;
function ago(at: string | null): string {
  if (at === null) return 'never';
  const passedMs = Date.now() - Date.parse(at);
  return passedMs < JUST_NOW_MS ? 'just now' : `${formatDuration(passedMs / 1000)} ago`;
}

const openCount = (row: ServerRow): number => Object.values(row.openFindings).reduce((sum, open) => sum + (open ?? 0), 0);
const stateStyle = (row: ServerRow, style: Style) => (row.state === 'in-order' ? style.green : row.state === 'finding' ? style.red : style.yellow);

const SERVER_COLUMNS: readonly Column<ServerRow>[] = [
  { title: 'server', text: (row) => row.server },
  { title: 'state', text: (row) => row.state, style: stateStyle },
  { title: 'agent', text: (row) => row.agent },
  { title: 'mode', text: (row) => row.mode ?? '-' },
  { title: 'findings', text: (row) => String(openCount(row)), align: 'right' },
  { title: 'over limit', text: (row) => String(row.storesOverLimit), align: 'right' },
  { title: 'stored', text: (row) => formatByteCount(row.bytesStored), align: 'right' },
  { title: 'consent', text: (row) => row.consent },
  { title: 'measured', text: (row) => ago(row.lastObservedAt) },
  { title: 'labels', text: (row) => Object.entries(row.labels).map(([key, value]) => `${key}=${value}`).join(' ') },
];

export async function fleet(context: CommandContext): Promise<ExitCode> {
  const view = await (await ApiClient.forRuntime(context.dataDir)).ask('fleet');
  if (context.format === 'json') printJson(context, view);
  else printLines(context, renderTable(SERVER_COLUMNS, view.servers, context.style));
  return EXIT.nothingFound;
}

export async function server(name: string, context: CommandContext): Promise<ExitCode> {
  const client = await ApiClient.forRuntime(context.dataDir);
  const view = await client.ask('server', { params: { name: knownServer((await client.ask('fleet')).servers, name) } });
  if (context.format === 'json') {
    printJson(context, view);
    return EXIT.nothingFound;
  }
  printLines(context, renderTable(SERVER_COLUMNS, [view.row], context.style));
  for (const statement of view.statements) {
    context.print('');
    printLines(context, statementText(statement, view.findings.filter((finding) => finding.state === 'open'), Date.now(), context.style));
  }
  return EXIT.nothingFound;
}

const FINDING_COLUMNS: readonly Column<FindingView>[] = [
  { title: 'server', text: (row) => row.server },
  { title: 'severity', text: (row) => row.severity, style: (row, style) => (['critical', 'high'].includes(row.severity) ? style.red : style.yellow) },
  { title: 'state', text: (row) => row.state },
  { title: 'store', text: (row) => row.store ?? '-' },
  { title: 'since', text: (row) => ago(row.openedAt) },
  { title: 'finding', text: (row) => row.message },
];

export async function findings(options: { state: string; server?: string | undefined }, context: CommandContext): Promise<ExitCode> {
  const client = await ApiClient.forRuntime(context.dataDir);
  const server = options.server === undefined ? undefined : knownServer((await client.ask('fleet')).servers, options.server);
  const found = await client.askAll('findings', { state: options.state === 'all' ? undefined : options.state, server });
  const view = { ...found, items: worstFirst(found.items) };
  if (context.format === 'json') printJson(context, view);
  else if (view.items.length === 0) context.print(`No ${options.state === 'all' ? '' : `${options.state} `}findings${server === undefined ? '' : ` on ${server}`}.`);
  else printLines(context, renderTable(FINDING_COLUMNS, view.items, context.style));
  return EXIT.nothingFound;
}

const ROTATION_COLUMNS: readonly Column<RotationView>[] = [
  { title: 'order', text: (row) => row.order.id },
  { title: 'server', text: (row) => row.order.server },
  { title: 'store', text: (row) => row.order.store },
  { title: 'policy', text: (row) => row.order.policy.name },
  { title: 'state', text: (row) => row.state, style: (row, style) => (row.state === 'proved' ? style.green : ['failed', 'stopped', 'refused'].includes(row.state) ? style.red : style.yellow) },
  { title: 'deleted', text: (row) => (row.receipt === null ? '-' : `${row.receipt.payload.deleted.items}`), align: 'right' },
  { title: 'freed', text: (row) => (row.receipt === null ? '-' : formatByteCount(row.receipt.payload.deleted.bytes)), align: 'right' },
  { title: 'receipt', text: (row) => (row.receiptVerified === null ? '-' : row.receiptVerified ? 'verified' : 'NOT VERIFIED') },
  { title: 'ordered', text: (row) => ago(row.orderedAt) },
];

/** Orders, or only those that have a receipt. */
export async function rotations(only: 'all' | 'with-receipt', context: CommandContext): Promise<ExitCode> {
  const view = await (await ApiClient.forRuntime(context.dataDir)).askAll('rotations');
  const rows = only === 'all' ? view.items : view.items.filter((row) => row.receipt !== null);
  if (context.format === 'json') printJson(context, { ...view, items: rows });
  else if (rows.length === 0) context.print(only === 'all' ? 'No orders yet.' : 'No receipts yet.');
  else printLines(context, renderTable(ROTATION_COLUMNS, rows, context.style));
  return EXIT.nothingFound;
}
