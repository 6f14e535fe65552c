import type { OperatorView } from '@mailwarden/contracts';
import { Command, Option } from 'commander';
import { add, collect, plain, wholeNumber } from './add-command.js';
import { addConsent } from './consent-commands.js';
import { addDeadLetters, addMissing } from './dead-letter-commands.js';
import { addEnrolment } from './enrol-commands.js';
import { addEvidence } from './evidence-commands.js';
import { addHolds, addPolicies, addWaiting } from './rotation-commands.js';
import { VERSION } from './version.js';

const DEFAULT_PORT = 8460;
const PORT_MAX = 65_535;
/** The whole of one core. */
const BUDGET_PERCENT_MAX = 100;

function addRuntime(program: Command): void {
  add<{ demo?: boolean; port: number; detach?: boolean; busAddress: string }>(
    program,
    'up',
    { summary: 'start the control plane, and an agent that watches this host', example: 'mailwarden up --demo', without: ['format'] },
    (command) =>
      command
        .option('--demo', 'watch a demo fleet of four mail servers instead of this host')
        .option('--port <port>', 'port of the console on the loopback', wholeNumber(PORT_MAX), DEFAULT_PORT)
        .option('--bus-address <address>', 'address of this machine that the bus listens on; servers elsewhere enrol by it', '127.0.0.1')
        .option('--detach', 'return when the console answers and go on in the background'),
    async (options, context) => (await import('./commands/up.js')).up({ ...options, demo: options.demo === true, detach: options.detach === true }, context),
  );
  add(program, 'down', { summary: 'stop the local runtime', example: 'mailwarden down', without: ['format'] }, plain, async (_options, context) => (await import('./commands/down.js')).down(context));
  add(program, 'status', { summary: 'show the local runtime, its addresses and its processes', example: 'mailwarden status --format json', exits: '0 all ready, 1 something is not ready, 2 nothing runs' }, plain, async (_options, context) => (await import('./commands/status.js')).status(context));
  add(program, 'login', { summary: 'print a new link that signs in to the console, once', example: 'mailwarden login' }, plain, async (_options, context) => (await import('./commands/status.js')).login(context));
}

/** Written out: reading the contracts would slow each start of the command line. */
const ROLES = ['viewer', 'operator', 'privacy-officer', 'administrator'] as const satisfies readonly OperatorView['role'][];

function addOperators(program: Command): void {
  const operator = program.command('operator').description('who may sign in to the console beside you');
  const load = (): Promise<typeof import('./commands/operator.js')> => import('./commands/operator.js');
  add<{ role: OperatorView['role'] }>(
    operator,
    'add <name>',
    { summary: 'let a person in, or give them a new link; prints a link that signs in once, within a day', example: 'mailwarden operator add jane.doe --role operator' },
    (command) => command.addOption(new Option('--role <role>', 'what they may do').choices(ROLES).default('viewer')),
    async ({ role }, context, [name = '']) => (await load()).operatorAdd(name, role, context),
  );
  add(operator, 'list', { summary: 'list who may sign in', example: 'mailwarden operator list' }, plain, async (_options, context) => (await load()).operatorList(context));
  add(operator, 'remove <name>', { summary: "take a person's way in, and end their sessions", example: 'mailwarden operator remove jane.doe' }, plain, async (_options, context, [name = '']) => (await load()).operatorRemove(name, context));
}

function addAccessRepair(access: Command): void {
  // What follows the word is its own, also where both have an option of the same name.
  access.enablePositionalOptions();
  add<{ plan?: boolean; apply?: boolean; undo?: string; profile?: readonly string[]; policy?: string; root: string; list?: boolean; journalDir?: string }>(
    access,
    'repair [store]',
    { summary: 'take from stores of one host the rights of whoever neither profile nor policy names, or give them back', example: 'mailwarden access repair backup --plan --list', exits: '0 nobody else gets in or all done, 1 a plan waits or somebody still gets in, 2 failed', without: ['data'] },
    (command) =>
      command
        .option('--plan', 'say what would be changed; so without --apply and --undo')
        .option('--apply', 'change what the plan says')
        .option('--undo <id>', 'give back what a repair took, where nobody changed it since')
        .option('--profile <id|file>', 'profile of the stores; may be given again', collect)
        .option('--policy <file>', 'policies of access: who may get in beside those of the profile')
        .option('--root <dir>', 'folder that stands for the host', '/')
        .option('--list', 'print the exact list')
        .option('--journal-dir <dir>', 'where it is kept what was changed, when not below the root'),
    async (options, context, [store = null]) => (await import('./commands/access-repair.js')).accessRepair({ ...options, store, plan: options.plan === true, apply: options.apply === true, list: options.list === true, profile: options.profile ?? [] }, context),
  );
}

function addHost(program: Command): void {
  add<{ profile?: readonly string[]; root: string; budget?: number; memory?: string; storesOnly?: boolean }>(
    program,
    'scan',
    { summary: 'print the data-provision statement of one host', example: 'mailwarden scan --root / --format json', exits: '0 nothing found, 1 findings, 2 could not measure', without: ['data'] },
    (command) =>
      command
        .option('--profile <id|file>', 'profile to measure by; may be given again', collect)
        .option('--root <dir>', 'folder that stands for the host', '/')
        .option('--budget <percent>', 'most of one core that it may take, with rests while the host stalls; without it as fast as it goes', wholeNumber(BUDGET_PERCENT_MAX, 1))
        .option('--memory <folder>', 'folder of its own where scans remember what they saw, so that the next one is quick')
        .option('--stores-only', 'leave out the look through the rest of the host for data that no store covers'),
    async (options, context) => (await import('./commands/scan.js')).scan({ ...options, profile: options.profile ?? [] }, context),
  );
  add<{ profile?: readonly string[]; root: string }>(
    program,
    'access [store]',
    { summary: 'print who can read and write each store of one host, and by what', example: 'mailwarden access backup', exits: '0 as the profile says, 1 somebody else gets in, 2 could not measure', without: ['data'] },
    (command) => command.option('--profile <id|file>', 'profile of the stores; may be given again', collect).option('--root <dir>', 'folder that stands for the host', '/'),
    async (options, context, [store = null]) => (await import('./commands/access.js')).access({ ...options, profile: options.profile ?? [], store }, context),
  );
  addAccessRepair(program.commands.find((command) => command.name() === 'access') ?? program);
  add<{ policy: string; profile?: readonly string[]; root: string; apply?: boolean; list?: boolean }>(
    program,
    'rotate',
    { summary: 'plan what a policy would delete on one host, or do it', example: 'mailwarden rotate --policy backup-cap.yaml --list', exits: '0 nothing over a limit or all done, 1 a plan waits to be applied, 2 failed or stopped by a bound', without: ['data'] },
    (command) =>
      command
        .requiredOption('--policy <file>', 'policy file')
        .option('--profile <id|file>', 'profile of the stores; may be given again', collect)
        .option('--root <dir>', 'folder that stands for the host', '/')
        .option('--apply', 'delete what the plan says')
        .option('--list', 'print the exact list')
        .option('--journal-dir <dir>', 'where the journals of deletions are kept, when not below the root')
        .option('--signing-key <file>', 'key that receipts are signed with')
        .option('--without-known-holds', 'delete also where the holds that Mailwarden has put on this host cannot be told'),
    async (options, context) => (await import('./commands/rotate.js')).rotate({ ...options, profile: options.profile ?? [], apply: options.apply === true, list: options.list === true }, context),
  );
}

function addProfiles(program: Command): void {
  const profile = program.command('profile').description('look at and check profiles: what a product keeps, where, for how long');
  add(profile, 'lint <file>', { summary: 'say what is wrong with a profile file, line by line', example: 'mailwarden profile lint my-product.yaml', exits: '0 in order, 1 problems, 2 it cannot be read', without: ['data'] }, plain, async (_options, context, [file = '']) => (await import('./commands/profile.js')).profileLint(file, context));
  add(profile, 'list', { summary: 'list the profiles that ship', example: 'mailwarden profile list', without: ['data'] }, plain, async (_options, context) => (await import('./commands/profile.js')).profileList(context));
  add(profile, 'show <id>', { summary: 'show one profile', example: 'mailwarden profile show kaspersky-klms-8 --format json', without: ['data'] }, plain, async (_options, context, [id = '']) => (await import('./commands/profile.js')).profileShow(id, context));
}

function addFleet(program: Command): void {
  add(program, 'fleet', { summary: 'list the servers of the fleet with their state', example: 'mailwarden fleet' }, plain, async (_options, context) => (await import('./commands/fleet.js')).fleet(context));
  add(program, 'server <name>', { summary: 'print the live data-provision statement of one server', example: 'mailwarden server mx-1' }, plain, async (_options, context, [name = '']) => (await import('./commands/fleet.js')).server(name, context));
  add<{ state: string; server?: string }>(
    program,
    'findings',
    { summary: 'list findings', example: 'mailwarden findings --state open --server mx-3' },
    (command) => command.addOption(new Option('--state <state>', 'which findings').choices(['open', 'resolved', 'accepted', 'all']).default('open')).option('--server <name>', 'only those of one server'),
    async (options, context) => (await import('./commands/fleet.js')).findings(options, context),
  );
  add(program, 'orders', { summary: 'list rotation orders', example: 'mailwarden orders' }, plain, async (_options, context) => (await import('./commands/fleet.js')).rotations('all', context));
  add(program, 'receipts [order]', { summary: "list receipts, or show one order's receipt and check its proof", example: 'mailwarden receipts 1c2f9a07', exits: '0 it holds, or a list, 1 something of the receipt does not hold, 2 failed' }, plain, async (_options, context, [order]) =>
    order === undefined ? (await import('./commands/fleet.js')).rotations('with-receipt', context) : (await import('./commands/receipt.js')).receipt(order, context),
  );
}

function addEvents(program: Command): void {
  const events = program.command('events').description('what the fleet says to a SIEM');
  add<{ count?: number; follow: boolean }>(
    events,
    'tail',
    { summary: 'print events, newest last, and go on with new ones until Ctrl-C', example: 'mailwarden events tail --format json | jq .event' },
    (command) => command.option('--count <n>', 'end after so many, the newest where there are more', wholeNumber(1_000_000)).option('--no-follow', 'end after the present ones'),
    async (options, context) => (await import('./commands/events.js')).eventsTail({ count: options.count ?? null, follow: options.follow }, context),
  );
  add<{ only?: readonly string[]; since?: string }>(
    events,
    'subscriber <name>',
    { summary: 'give a SIEM credentials and a place of its own in the events, or set it to another place', example: "mailwarden events subscriber wazuh --only 'mw.event.finding.>'" },
    (command) => command.option('--only <subject>', 'only events of this subject; may be given again', collect).option('--since <moment>', 'read again from there, as 2026-11-01 or 2026-11-01T08:00:00Z'),
    async ({ only, since }, context, [name = '']) => (await import('./commands/subscriber.js')).eventsSubscriber(name, { only: only ?? [], since }, context),
  );
}

/** The whole command line. Errors: commander's own for what it does not understand; CommandFailure from the commands. */
export function buildProgram(): Command {
  const program = new Command('mailwarden')
    .exitOverride()
    // Else an option before the last word is taken by a command above it that has one of the same name, as --root of `access repair` by `access`.
    .enablePositionalOptions()
    .description('Watches, enforces and proves how personal data is kept on a fleet of mail servers.')
    .version(VERSION, '-V, --version')
    .showSuggestionAfterError()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'mailwarden: ')) })
    .showHelpAfterError('  run it with --help to see what it takes')
    .addHelpText('after', '\nBegin with:\n  mailwarden up --demo      a fleet to look at, within two minutes\n  mailwarden scan           what this very host keeps, without any server\n\nMost commands take --format json. Colours go when NO_COLOR is set or the output is a pipe; COLUMNS sets the width.');
  program.addHelpCommand(new Command('help').argument('[command]').description('show the help of a command').helpGroup('Other:'));
  program.commandsGroup('Local runtime:');
  addRuntime(program);
  addOperators(program);
  program.commandsGroup('One host, without a server:');
  addHost(program);
  addProfiles(program);
  program.commandsGroup('The fleet:');
  addFleet(program);
  addEnrolment(program);
  program.commandsGroup('Policies, and what waits for a decision:');
  addPolicies(program);
  addHolds(program);
  addWaiting(program);
  program.commandsGroup('Agreements and events:');
  addConsent(program);
  addEvidence(program);
  addEvents(program);
  addDeadLetters(program);
  addMissing(program);
  return program;
}
