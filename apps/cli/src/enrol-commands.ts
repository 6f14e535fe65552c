import { InvalidArgumentError, type Command } from 'commander';
import { add, collect, plain, withReason, wholeNumber } from './add-command.js';

const USES_MAX = 10_000;

/** `role=mx` of an option, kept with those before. */
function label(text: string, before: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const [key = '', value = ''] = text.split('=');
  if (key === '' || value === '' || text.split('=').length !== 2) throw new InvalidArgumentError('It is written as label=value.');
  return { ...before, [key]: value };
}

/** `enrol`: who is let into the fleet, and who is taken out of it. */
export function addEnrolment(program: Command): void {
  const enrol = program.command('enrol').description('let servers into the fleet, and take them out');
  const load = (): Promise<typeof import('./commands/enrol.js')> => import('./commands/enrol.js');
  add<{ uses: number; expires: string; label?: Readonly<Record<string, string>>; profile?: readonly string[]; from?: readonly string[]; approve?: boolean; replaces?: string; output?: string }>(
    enrol,
    'token',
    { summary: 'make a token that a server enrols by, with: mailwarden-agent enrol TOKEN', example: 'mailwarden enrol token --expires "2 hours" --label site=berlin --output mx-3.token' },
    (command) =>
      command
        .option('--uses <n>', 'servers that may enrol by it', wholeNumber(USES_MAX, 1), 1)
        .option('--expires <duration>', 'how long it counts', '1 day')
        .option('--label <label=value>', 'label of the servers; may be given again', label)
        .option('--profile <id>', 'product that they are watched for; may be given again; else those that are found', collect)
        .option('--from <address>', 'address, or range as 10.20.0.0/16, that it counts from; may be given again', collect)
        .option('--approve', 'a person has to agree to each server: mailwarden enrol approve')
        .option('--replaces <server>', 'the server whose place the new one takes, under its own or another name')
        .option('--output <file>', 'write it to a new file that you alone may read, in place of printing it'),
    async (options, context) => (await load()).enrolToken({ ...options, label: options.label ?? {}, profile: options.profile ?? [], from: options.from ?? [], approve: options.approve === true, replaces: options.replaces ?? null, output: options.output ?? null }, context),
  );
  add(enrol, 'list', { summary: 'list tokens, and servers that wait for a person to agree', example: 'mailwarden enrol list', exits: '0 nobody waits, 1 a server waits, 2 failed' }, plain, async (_options, context) => (await load()).enrolList(context));
  add(enrol, 'approve <request>', { summary: 'let a server in that waits', example: 'mailwarden enrol approve 1c2f9a07' }, plain, async (_options, context, [request = '']) => (await load()).enrolAnswer(request, 'approve', context));
  add(enrol, 'reject <request>', { summary: 'refuse a server that waits', example: 'mailwarden enrol reject 1c2f9a07' }, plain, async (_options, context, [request = '']) => (await load()).enrolAnswer(request, 'reject', context));
  add(enrol, 'withdraw <token>', { summary: 'take a token back, by its id', example: 'mailwarden enrol withdraw 5f0c9b1e2d3a4c5b' }, plain, async (_options, context, [token = '']) => (await load()).enrolWithdraw(token, context));
  const removal = (name: 'revoke' | 'retire', cause: 'revoked' | 'retired', summary: string, why: string): void =>
    add<{ reason: string }>(enrol, `${name} <server>`, { summary, example: `mailwarden enrol ${name} mx-3 --reason "${why}"` }, withReason, async ({ reason }, context, [server = '']) => (await load()).enrolRemove(server, cause, reason, context));
  removal('revoke', 'revoked', 'take a server out whose keys may be in other hands: its connection is cut at once', 'host was broken into');
  removal('retire', 'retired', 'take a server out that is gone; what is known of it stays', 'moved to mx-7');
}
