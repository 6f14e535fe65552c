import type { PolicyHistory, PolicyOverview } from '@mailwarden/contracts';
import { ApiClient } from '../../api-client.js';
import { CommandFailure, EXIT, type ExitCode } from '../../failure.js';
import { renderTable, type Column } from '../../output/table.js';
import { printable } from '../../output/terminal.js';
import { someNames } from '../named-things.js';
import { printJson, printLines, type CommandContext } from '../context.js';

type Standing = PolicyOverview['policies'][number];
const SHORT_VERSION = 12;

const COLUMNS: readonly Column<Standing>[] = [
  { title: 'policy', text: (row) => row.name },
  { title: 'kind', text: (row) => row.kind },
  { title: 'mode', text: (row) => (row.kind === 'retention' || row.kind === 'access' ? row.mode : '-'), style: (row, style) => (row.mode === 'enforce' ? style.yellow : (text) => text) },
  { title: 'servers', text: (row) => String(row.servers), align: 'right' },
  { title: 'from', text: (row) => (row.origin === 'file' ? 'a file' : 'applied') },
  { title: 'since', text: (row) => row.activeSince },
  { title: 'reason', text: (row) => row.reason },
];

export async function policyList(context: CommandContext): Promise<ExitCode> {
  const view = await (await ApiClient.forRuntime(context.dataDir)).ask('policies');
  if (context.format === 'json') printJson(context, view);
  else {
    if (view.policies.length === 0) context.print('No policy stands. Try one with: mailwarden policy plan FILE');
    else printLines(context, renderTable(COLUMNS, view.policies, context.style));
    printLines(context, view.problems.map(({ file, line, path, message }) => context.style.red(printable(`${file}:${line}: ${path === '' ? '' : `${path}: `}${message}; the file is left out whole`))));
  }
  return view.problems.length > 0 ? EXIT.found : EXIT.nothingFound;
}

function historyLines({ versions }: PolicyHistory, context: CommandContext): string[] {
  if (versions.length === 0) return ['It was never applied here: it lies as a file in the folder of policies, whose own history tells of it.'];
  return versions.flatMap(({ version, at, by, reason, withdrawn, text }) => [
    `${context.style.bold(version.slice(0, SHORT_VERSION))}  ${at}  ${printable(by)}  ${withdrawn ? context.style.yellow('withdrawn') : 'applied'}: ${printable(reason)}`,
    ...(withdrawn ? [] : text.trimEnd().split('\n').map((line) => `    ${printable(line)}`)),
    '',
  ]);
}

/** Prints one policy as it stands, or every version that was applied. */
export async function policyShow(name: string, history: boolean, context: CommandContext): Promise<ExitCode> {
  const client = await ApiClient.forRuntime(context.dataDir);
  const { policies } = await client.ask('policies');
  const standing = policies.find((policy) => policy.name === name);
  const told = history ? await client.ask('policyHistory', { params: { name } }) : null;
  if (standing === undefined && (told === null || told.versions.length === 0)) {
    throw new CommandFailure(`no policy is called ${name}`, policies.length === 0 ? 'none stands' : `these stand: ${someNames(policies.map((policy) => policy.name))}`);
  }
  if (context.format === 'json') printJson(context, told ?? standing);
  else if (told !== null) printLines(context, historyLines(told, context));
  else if (standing !== undefined) {
    printLines(context, [`${context.style.dim(`# ${standing.origin === 'file' ? 'from a file of the folder of policies' : 'applied'}, ${standing.servers} servers, version ${standing.version}`)}`, ...standing.text.trimEnd().split('\n').map(printable)]);
  }
  return EXIT.nothingFound;
}
