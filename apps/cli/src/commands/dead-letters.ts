import type { DeadLetterView } from '@mailwarden/contracts';
import { formatByteCount, formatDuration } from '@mailwarden/kernel';
import { ApiClient } from '../api-client.js';
import { CommandFailure, EXIT, type ExitCode } from '../failure.js';
import { renderTable, type Column } from '../output/table.js';
import { printable } from '../output/terminal.js';
import { printJson, printLines, type CommandContext } from './context.js';
import { requireReason } from './policy/policy-apply.js';
import { idByStart } from './waiting.js';

const LIST = 'mailwarden dead-letters list --state all';

const ago = (at: string): string => `${formatDuration(Math.max(0, (Date.now() - Date.parse(at)) / 1000))} ago`;
const COLUMNS: readonly Column<DeadLetterView>[] = [
  { title: 'id', text: (row) => row.id },
  { title: 'consumer', text: (row) => row.consumer },
  { title: 'server', text: (row) => row.server ?? '-' },
  { title: 'state', text: (row) => row.state, style: (row, style) => (row.state === 'waiting' ? style.yellow : style.dim) },
  { title: 'tries', text: (row) => String(row.tries), align: 'right' },
  { title: 'size', text: (row) => formatByteCount(row.bytes), align: 'right' },
  { title: 'put aside', text: (row) => ago(row.lastAt) },
  { title: 'why', text: (row) => row.reason },
];
/** Of one letter also what it says of itself, and where it lay. */
const FULL: readonly Column<DeadLetterView>[] = [
  ...COLUMNS.slice(0, 3),
  { title: 'subject', text: (row) => row.subject },
  { title: 'says it is of', text: (row) => row.origin ?? 'not told' },
  { title: 'says it is a', text: (row) => row.type ?? 'not told' },
  ...COLUMNS.slice(3),
];

async function lettersOf(client: ApiClient, query: Readonly<Record<string, string | undefined>>): Promise<readonly DeadLetterView[]> {
  return (await client.askAll('deadLetters', query)).items;
}

/** Exit: 0 none waits, 1 some do. */
export async function deadLettersList({ consumer, state, server }: { readonly consumer?: string | undefined; readonly state: string; readonly server?: string | undefined }, context: CommandContext): Promise<ExitCode> {
  const letters = await lettersOf(await ApiClient.forRuntime(context.dataDir), { consumer, server, state: state === 'all' ? undefined : state });
  if (context.format === 'json') printJson(context, { letters });
  else if (letters.length === 0) context.print(state === 'waiting' ? 'Nothing was put aside that still waits.' : 'There are none.');
  else printLines(context, renderTable(COLUMNS, letters, context.style));
  return letters.some((letter) => letter.state === 'waiting') ? EXIT.found : EXIT.nothingFound;
}

export async function deadLettersShow(typed: string, context: CommandContext): Promise<ExitCode> {
  const client = await ApiClient.forRuntime(context.dataDir);
  const id = idByStart((await lettersOf(client, {})).map((letter) => letter.id), typed, 'dead letter', LIST);
  const letter = await client.ask('deadLetter', { params: { id } });
  if (context.format === 'json') printJson(context, letter);
  else for (const { title, text } of FULL) context.print(`${title.padEnd(14)}${printable(text(letter))}`);
  return EXIT.nothingFound;
}

/** The letters that were named by the beginning of their ids. */
async function named(client: ApiClient, typed: readonly string[]): Promise<string[]> {
  const waiting = (await lettersOf(client, { state: 'waiting' })).map((letter) => letter.id);
  return typed.map((start) => idByStart(waiting, start, 'waiting dead letter', LIST));
}

export async function deadLettersReplay(typed: readonly string[], { consumer, all }: { readonly consumer?: string | undefined; readonly all: boolean }, context: CommandContext): Promise<ExitCode> {
  if ([typed.length > 0, consumer !== undefined, all].filter(Boolean).length !== 1) throw new CommandFailure('say which letters: their ids, --consumer NAME, or --all', `see: ${LIST}`);
  const client = await ApiClient.forRuntime(context.dataDir);
  const ids = typed.length > 0 ? await named(client, typed) : null;
  const { letters } = await client.ask('replayDeadLetters', { body: { ids, consumer: consumer ?? null } });
  if (context.format === 'json') printJson(context, { letters });
  else context.print(letters.length === 0 ? 'None was waiting.' : `${letters.length === 1 ? 'One is' : `${letters.length} are`} on the way to the consumer again. What fails again comes back here; see: mailwarden dead-letters list`);
  return letters.length === 0 ? EXIT.found : EXIT.nothingFound;
}

export async function deadLettersDiscard(typed: readonly string[], reason: string, context: CommandContext): Promise<ExitCode> {
  const client = await ApiClient.forRuntime(context.dataDir);
  const { discarded } = await client.ask('discardDeadLetters', { body: { ids: await named(client, typed), reason: requireReason(reason) } });
  if (context.format === 'json') printJson(context, { discarded });
  else context.print(discarded === 0 ? 'None was waiting.' : `${discarded} given up: nobody will hear ${discarded === 1 ? 'it' : 'them'}.`);
  return discarded === 0 ? EXIT.found : EXIT.nothingFound;
}
