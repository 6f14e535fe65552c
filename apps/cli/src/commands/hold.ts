import { parsePolicies, type HoldPolicy } from '@mailwarden/policy';
import { ApiClient } from '../api-client.js';
import { CommandFailure, EXIT, type ExitCode } from '../failure.js';
import { renderTable, type Column } from '../output/table.js';
import { knownServer, someNames } from './named-things.js';
import { requireReason } from './policy/policy-apply.js';
import { requireNone } from './policy/read-documents.js';
import { printJson, printLines, type CommandContext } from './context.js';

export interface HoldOptions {
  readonly store: readonly string[];
  readonly message?: readonly string[] | undefined;
  readonly server?: string | undefined;
  readonly label?: readonly string[] | undefined;
  readonly from?: string | undefined;
  readonly until?: string | undefined;
  readonly expires?: string | undefined;
  readonly askedBy?: string | undefined;
  readonly reason: string;
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const ZONED = /(?:Z|[+-]\d{2}:\d{2})$/;

/** A moment as a person types it: a day, or a moment with its zone. Errors: CommandFailure for what no calendar has, and for a time whose zone nobody said. */
export function momentFrom(option: string, typed: string, dayMeans: 'beginning' | 'end'): string {
  const whole = DAY.test(typed) ? `${typed}T${dayMeans === 'beginning' ? '00:00:00.000' : '23:59:59.999'}Z` : typed;
  const at = new Date(whole);
  const isReal = !Number.isNaN(at.getTime()) && (!DAY.test(typed) || at.toISOString() === whole);
  if (!isReal || !ZONED.test(whole)) throw new CommandFailure(`${option} is no moment: ${typed}`, 'write a day, as 2026-03-31, or a moment with its zone, as 2026-03-31T12:00:00Z');
  return at.toISOString();
}

function labelsFrom(options: HoldOptions): Record<string, string> {
  const pairs = (options.label ?? []).map((typed) => {
    const [label = '', value = '', ...more] = typed.split('=');
    if (label === '' || value === '' || more.length > 0) throw new CommandFailure(`${typed} is no label and its value`, 'write it as --label role=mx');
    return [label, value] as const;
  });
  return { ...Object.fromEntries(pairs), ...(options.server === undefined ? {} : { name: options.server }) };
}

/** The hold as a policy document. Everything that was typed is quoted as JSON, which YAML reads as it stands: nothing typed can become a key. */
export function holdDocument(name: string, options: HoldOptions): string {
  const labels = labelsFrom(options);
  const lines: readonly (readonly [key: string, value: unknown])[] = [
    ['schema', 'mailwarden/policy/v1'],
    ['kind', 'hold'],
    ['name', name],
    ['reason', requireReason(options.reason)],
    ...(Object.keys(labels).length === 0 ? [] : [['servers', labels] as const]),
    ['stores', options.store],
    ...(options.from === undefined ? [] : [['from', momentFrom('--from', options.from, 'beginning')] as const]),
    ...(options.until === undefined ? [] : [['until', momentFrom('--until', options.until, 'end')] as const]),
    ...(options.message === undefined ? [] : [['messages', options.message] as const]),
    ...(options.askedBy === undefined ? [] : [['asked-by', options.askedBy] as const]),
    ...(options.expires === undefined ? [] : [['expires', momentFrom('--expires', options.expires, 'end')] as const]),
  ];
  return `${lines.map(([key, value]) => `${key}: ${JSON.stringify(value)}`).join('\n')}\n`;
}

/** Holds stores, or some of what they keep. A hold deletes nothing, so nobody is asked: it counts at once. */
export async function holdAdd(name: string, options: HoldOptions, context: CommandContext): Promise<ExitCode> {
  const text = holdDocument(name, options);
  const client = await ApiClient.forRuntime(context.dataDir);
  if (options.server !== undefined) knownServer((await client.ask('fleet')).servers, options.server);
  const { policies } = await client.ask('policies');
  const standing = policies.find((policy) => policy.name === name);
  if (standing !== undefined) throw new CommandFailure(`${name} is the name of a policy that stands (${standing.kind})`, standing.kind === 'hold' ? `release it first with: mailwarden hold release ${name}, or take another name` : 'take another name');
  const applied = await client.ask('applyPolicies', { body: { documents: [text], remove: [], reason: requireReason(options.reason) } });
  requireNone([{ file: `hold ${name}`, text, line: 1 }], applied.mistakes);
  const held = (await client.ask('policies')).policies.find((policy) => policy.name === name);
  if (context.format === 'json') printJson(context, { changes: applied.changes, hold: held ?? null });
  else context.print(`${name} holds ${someNames(options.store)}${held === undefined ? '' : ` on ${held.servers} ${held.servers === 1 ? 'server' : 'servers'}`} from now on, also against orders that are under way`);
  return EXIT.nothingFound;
}

export async function holdRelease(name: string, reason: string, context: CommandContext): Promise<ExitCode> {
  const client = await ApiClient.forRuntime(context.dataDir);
  const { policies } = await client.ask('policies');
  const standing = policies.find((policy) => policy.name === name);
  if (standing?.kind !== 'hold') throw new CommandFailure(`no hold is called ${name}`, standing === undefined ? 'see: mailwarden hold list' : `that is a policy of kind ${standing.kind}; withdraw it with: mailwarden policy apply --remove ${name}`);
  const applied = await client.ask('applyPolicies', { body: { documents: [], remove: [name], reason: requireReason(reason) } });
  requireNone([], applied.mistakes);
  if (context.format === 'json') printJson(context, applied);
  else context.print(`${name} is released: what it held may go again where a policy says so`);
  return EXIT.nothingFound;
}

interface Held {
  readonly name: string;
  readonly servers: number;
  readonly origin: 'applied' | 'file';
  readonly hold: HoldPolicy;
}

const storesText = ({ everyStore, stores }: HoldPolicy): string => (everyStore ? 'every store' : stores.map(({ profile, store }) => `${profile ?? '*'}/${store}`).join(', '));
const spanText = ({ from, until }: HoldPolicy): string => (from === null && until === null ? 'everything' : `${from ?? 'the beginning'} to ${until ?? 'now and later'}`);

const COLUMNS: readonly Column<Held>[] = [
  { title: 'hold', text: ({ name }) => name },
  { title: 'stores', text: ({ hold }) => storesText(hold) },
  { title: 'servers', text: ({ servers }) => String(servers), align: 'right' },
  { title: 'holds', text: ({ hold }) => (hold.messages.length === 0 ? spanText(hold) : `${hold.messages.length} ${hold.messages.length === 1 ? 'letter' : 'letters'}`) },
  { title: 'ends', text: ({ hold }) => hold.expires ?? 'when released' },
  { title: 'asked by', text: ({ hold }) => hold.askedBy ?? '-' },
  { title: 'from', text: ({ origin }) => (origin === 'file' ? 'a file' : 'applied') },
  { title: 'reason', text: ({ hold }) => hold.reason },
];

export async function holdList(context: CommandContext): Promise<ExitCode> {
  const { policies } = await (await ApiClient.forRuntime(context.dataDir)).ask('policies');
  const held = policies.flatMap(({ kind, name, servers, origin, text }): Held[] => {
    const parsed = kind === 'hold' ? parsePolicies(text) : null;
    const hold = parsed?.ok === true ? parsed.value.find((policy) => policy.kind === 'hold' && policy.name === name) : undefined;
    return hold?.kind === 'hold' ? [{ name, servers, origin, hold }] : [];
  });
  if (context.format === 'json') printJson(context, { holds: held.map(({ hold, ...rest }) => ({ ...rest, ...hold, servers: rest.servers, selector: hold.servers })) });
  else if (held.length === 0) context.print('No hold stands.');
  else printLines(context, renderTable(COLUMNS, held, context.style));
  return EXIT.nothingFound;
}
