import { Option, type Command } from 'commander';
import { add, plain, withReason } from './add-command.js';

/** Written out: reading the contracts would slow each start of the command line. */
const STATES = ['waiting', 'replaying', 'handled', 'discarded', 'gone', 'all'] as const;

/** `dead-letters`: what was put aside on the bus. */
export function addDeadLetters(program: Command): void {
  const letters = program.command('dead-letters').description('messages that a service put aside: look, have them handled again, give them up');
  const load = (): Promise<typeof import('./commands/dead-letters.js')> => import('./commands/dead-letters.js');
  add<{ consumer?: string; state: string; server?: string }>(
    letters,
    'list',
    { summary: 'list what was put aside, and why', example: 'mailwarden dead-letters list --consumer reporting-evidence', exits: '0 none waits, 1 some do, 2 failed' },
    (command) => command.option('--consumer <name>', 'only those of one consumer').option('--server <name>', 'only those in the name of one server').addOption(new Option('--state <state>', 'which letters').choices(STATES).default('waiting')),
    async (options, context) => (await load()).deadLettersList(options, context),
  );
  add(letters, 'show <id>', { summary: 'show one: why, which consumer, where it came from and how large it is; never what it says', example: 'mailwarden dead-letters show 1c2f9a07' }, plain, async (_options, context, [id = '']) => (await load()).deadLettersShow(id, context));
  add<{ consumer?: string; all?: boolean }>(
    letters,
    'replay [ids...]',
    { summary: 'give letters to their consumer again, which checks them as the first time', example: 'mailwarden dead-letters replay --consumer rotation-receipts', exits: '0 done, 1 none was waiting, 2 failed' },
    (command) => command.option('--consumer <name>', 'all that wait of one consumer').option('--all', 'all that wait'),
    async (options, context, ids) => (await load()).deadLettersReplay(ids, { consumer: options.consumer, all: options.all === true }, context),
  );
  add<{ reason: string }>(
    letters,
    'discard <ids...>',
    { summary: 'give letters up: nobody will hear them', example: 'mailwarden dead-letters discard 1c2f9a07 --reason "a forgery; the credential was replaced"', exits: '0 done, 1 none was waiting, 2 failed' },
    withReason,
    async ({ reason }, context, ids) => (await load()).deadLettersDiscard(ids, reason, context),
  );
}

/** `missing`: what was numbered and did not come. */
export function addMissing(program: Command): void {
  const missing = program.command('missing').description('messages that were numbered and did not come: look, and accept what is lost');
  const load = (): Promise<typeof import('./commands/missing.js')> => import('./commands/missing.js');
  add(missing, 'list', { summary: 'list the numbers that did not come, and who began to count anew', example: 'mailwarden missing list', exits: '0 none, 1 some are missing, 2 failed' }, plain, async (_options, context) => (await load()).missingList(context));
  add<{ reason: string }>(
    missing,
    'accept <origin>',
    { summary: 'accept what a server, or a service, has lost: it is told no more', example: 'mailwarden missing accept mx-1 --reason "its disk was replaced"', exits: '0 done, 1 nothing was missing, 2 failed' },
    withReason,
    async ({ reason }, context, [origin = '']) => (await load()).missingAccept(origin, reason, context),
  );
}
