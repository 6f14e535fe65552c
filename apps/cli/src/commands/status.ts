import { resolve } from 'node:path';
import { formatDuration } from '@mailwarden/kernel';
import { CommandFailure, EXIT, type ExitCode } from '../failure.js';
import { renderTable } from '../output/table.js';
import { layoutOf } from '../runtime/layout.js';
import { isRunning } from '../runtime/process-identity.js';
import { readRunRecord, type RunRecord, type SupervisedRecord } from '../runtime/run-record.js';
import { newSignInLink } from '../runtime/sign-in-link.js';
import { printJson, printLines, type CommandContext } from './context.js';
import { requireOwnDataFolder } from './own-data-folder.js';

const sinceWords = (at: string): string => formatDuration(Math.max(0, (Date.now() - Date.parse(at)) / 1000));

async function runningRecord(context: CommandContext): Promise<RunRecord | null> {
  const layout = layoutOf(resolve(context.dataDir));
  requireOwnDataFolder(layout.data);
  const record = await readRunRecord(layout);
  return record !== null && isRunning(record.supervisor) ? record : null;
}

/** How the local runtime and each of its processes is. Exit: 0 all ready, 1 something is not, 2 nothing runs. */
export async function status(context: CommandContext): Promise<ExitCode> {
  const record = await runningRecord(context);
  const data = resolve(context.dataDir);
  if (record === null) {
    if (context.format === 'json') printJson(context, { schema: 'mailwarden/status/v1', running: false, data });
    else context.print(`Nothing runs in ${data}. Start it with: mailwarden up --data ${context.dataDir}`);
    return EXIT.failed;
  }
  const ready = record.ready && record.processes.every(({ state }) => state === 'ready');
  if (context.format === 'json') {
    printJson(context, { schema: 'mailwarden/status/v1', running: true, ready, data, url: record.url, demo: record.demo, startedAt: record.startedAt, bus: record.bus, processes: record.processes.map(({ name, state, identity, restarts, since }) => ({ name, state, pid: identity?.pid ?? null, restarts, since })) });
    return ready ? EXIT.nothingFound : EXIT.found;
  }
  context.print(`${context.style.bold('Mailwarden')} at ${record.url}, up for ${sinceWords(record.startedAt)}${record.demo ? ', with the demo fleet' : ''}`);
  context.print(context.style.dim(`data ${data}, bus ${record.bus.url}, logs ${layoutOf(data).logs}`));
  context.print('');
  const columns = [
    { title: 'process', text: (row: SupervisedRecord) => row.name },
    { title: 'state', text: (row: SupervisedRecord) => row.state, style: (row: SupervisedRecord) => (row.state === 'ready' ? context.style.green : context.style.yellow) },
    { title: 'pid', text: (row: SupervisedRecord) => String(row.identity?.pid ?? '-'), align: 'right' as const },
    { title: 'restarts', text: (row: SupervisedRecord) => String(row.restarts), align: 'right' as const },
    { title: 'for', text: (row: SupervisedRecord) => sinceWords(row.since) },
  ];
  printLines(context, renderTable(columns, record.processes, context.style));
  return ready ? EXIT.nothingFound : EXIT.found;
}

/** Prints a new link that signs in once. */
export async function login(context: CommandContext): Promise<ExitCode> {
  const record = await runningRecord(context);
  if (record === null) throw new CommandFailure(`nothing runs in ${resolve(context.dataDir)}`, `start it with: mailwarden up --data ${context.dataDir}`);
  const link = await newSignInLink(layoutOf(resolve(context.dataDir)), record.url);
  if (context.format === 'json') printJson(context, { link });
  else context.print(link);
  return EXIT.nothingFound;
}
