import type { OperatorView } from '@mailwarden/contracts';
import { formatDuration } from '@mailwarden/kernel';
import { ApiClient } from '../api-client.js';
import { EXIT, type ExitCode } from '../failure.js';
import { renderTable, type Column } from '../output/table.js';
import { printJson, printLines, type CommandContext } from './context.js';

const COLUMNS: readonly Column<OperatorView>[] = [
  { title: 'name', text: (row) => row.name },
  { title: 'role', text: (row) => row.role },
  { title: 'password', text: (row) => (row.hasPassword ? 'set' : '-') },
  { title: 'link ends', text: (row) => (row.linkUntil === null ? '-' : `in ${formatDuration(Math.max(0, (Date.parse(row.linkUntil) - Date.now()) / 1000))}`) },
];

/** Lets a person in. The link is shown here and nowhere else. */
export async function operatorAdd(name: string, role: OperatorView['role'], context: CommandContext): Promise<ExitCode> {
  const client = await ApiClient.forRuntime(context.dataDir);
  const { link, until } = await client.ask('addOperator', { body: { name, role } });
  if (context.format === 'json') printJson(context, { name, role, link: client.addressOf(link), until });
  else {
    context.print(client.addressOf(link));
    context.print(context.style.dim(`Signs ${name} in as ${role}, once, until ${until}. They set a password in the console, under Account.`));
  }
  return EXIT.nothingFound;
}

export async function operatorList(context: CommandContext): Promise<ExitCode> {
  const { operators } = await (await ApiClient.forRuntime(context.dataDir)).ask('operators');
  if (context.format === 'json') printJson(context, { operators });
  else if (operators.length === 0) context.print('Nobody but you. Let a person in with: mailwarden operator add NAME --role ROLE');
  else printLines(context, renderTable(COLUMNS, operators, context.style));
  return EXIT.nothingFound;
}

export async function operatorRemove(name: string, context: CommandContext): Promise<ExitCode> {
  await (await ApiClient.forRuntime(context.dataDir)).ask('removeOperator', { params: { name } });
  if (context.format === 'json') printJson(context, { removed: name });
  else context.print(`${name} cannot sign in any more, and has no session`);
  return EXIT.nothingFound;
}
