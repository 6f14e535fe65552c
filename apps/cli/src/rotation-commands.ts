import { type Command } from 'commander';
import { add, collect, plain, wholeNumber, withReason } from './add-command.js';

const ROWS = 20;
const ROWS_MAX = 200;
/** An exact plan is work for the hosts: not of the whole fleet by accident. */
const EXACT_SERVERS = 20;
const EXACT_SERVERS_MAX = 200;
const WAIT_SECONDS = 60;
const WAIT_SECONDS_MAX = 3_600;

const PLAN_EXITS = '0 nothing would go, 1 something would, 2 failed';
const CHANGE_EXITS = '0 done, or nothing to change, 1 not confirmed, 2 failed';

/** `policy`: what operators want, as code. */
export function addPolicies(program: Command): void {
  const policy = program.command('policy').description('what is limited, held and permitted: check, plan, compare, apply');
  add(policy, 'lint <files...>', { summary: 'say what is wrong with policy files, line by line; needs no server', example: 'mailwarden policy lint backup-cap.yaml', exits: '0 in order, 2 mistakes, or it cannot be read', without: ['data'] }, plain, async (_options, context, files) => (await import('./commands/policy/policy-lint.js')).policyLint(files, context));
  add<PlanOptions>(
    policy,
    'plan [files...]',
    { summary: 'say what policies would delete in the whole fleet; without files, those that stand', example: 'mailwarden policy plan backup-cap.yaml', exits: PLAN_EXITS },
    (command) =>
      command
        .option('--server <name>', 'only this server')
        .option('--policy <name>', 'only this policy')
        .option('--rows <n>', 'rows to print, those where most would go', wholeNumber(ROWS_MAX), ROWS)
        .option('--exact', 'ask the hosts where most would go, by orders that delete nothing')
        .option('--servers <n>', 'with --exact: hosts to ask at most', wholeNumber(EXACT_SERVERS_MAX, 1), EXACT_SERVERS)
        .option('--wait <seconds>', 'with --exact: how long to wait for their answers', wholeNumber(WAIT_SECONDS_MAX, 1), WAIT_SECONDS),
    async (options, context, files) => (await import('./commands/policy/policy-plan.js')).policyPlan(files, { ...options, exact: options.exact === true }, context),
  );
  add<{ remove?: readonly string[] }>(
    policy,
    'diff <files...>',
    { summary: 'compare policy files with what stands', example: 'mailwarden policy diff backup-cap.yaml', exits: '0 the same, 1 they differ, 2 failed' },
    plain,
    async (_options, context, files) => (await import('./commands/policy/policy-apply.js')).policyDiff(files, context),
  );
  add<{ remove?: readonly string[]; reason: string; yes?: boolean }>(
    policy,
    'apply [files...]',
    { summary: 'let policy files stand for the fleet, after a look at what they change and would delete', example: 'mailwarden policy apply backup-cap.yaml --reason "decided on 12 March"', exits: CHANGE_EXITS },
    (command) =>
      command
        .option('--remove <name>', 'policy to withdraw; may be given again', collect)
        .requiredOption('--reason <text>', 'why; kept with the change')
        .option('--yes', 'do not ask; for scripts'),
    async (options, context, files) => (await import('./commands/policy/policy-apply.js')).policyApply(files, { remove: options.remove ?? [], reason: options.reason, yes: options.yes === true }, context),
  );
  add<{ history?: boolean }>(
    policy,
    'show <name>',
    { summary: 'print one policy as it stands, or its history', example: 'mailwarden policy show backup-cap --history' },
    (command) => command.option('--history', 'every version that was applied: when, by whom, why'),
    async (options, context, [name = '']) => (await import('./commands/policy/policy-show.js')).policyShow(name, options.history === true, context),
  );
  add(policy, 'list', { summary: 'list the policies that stand', example: 'mailwarden policy list' }, plain, async (_options, context) => (await import('./commands/policy/policy-show.js')).policyList(context));
}

interface PlanOptions {
  readonly server?: string;
  readonly policy?: string;
  readonly rows: number;
  readonly exact?: boolean;
  readonly servers: number;
  readonly wait: number;
}

interface HoldOptions {
  readonly store: readonly string[];
  readonly message?: readonly string[];
  readonly server?: string;
  readonly label?: readonly string[];
  readonly from?: string;
  readonly until?: string;
  readonly expires?: string;
  readonly askedBy?: string;
  readonly reason: string;
}

/** `hold`: what must not be deleted, whatever a policy says. */
export function addHolds(program: Command): void {
  const hold = program.command('hold').description('legal holds: what must not be deleted, whatever a policy says');
  add<HoldOptions>(
    hold,
    'add <name>',
    { summary: 'hold stores, or some of what they keep; counts at once', example: 'mailwarden hold add case-7 --store "*/backup" --server mx-1 --from 2026-01-01 --until 2026-03-31 --reason "open case" --asked-by "legal department"' },
    (command) =>
      command
        .requiredOption('--store <profile/store>', 'store to hold, as kaspersky-klms-8/backup, "*/backup" or "*"; may be given again', collect)
        .option('--message <id>', 'hold only this letter, by its Message-ID; may be given again', collect)
        .option('--server <name>', 'only on this server')
        .option('--label <label=value>', 'only on servers with this label; may be given again', collect)
        .option('--from <moment>', 'hold what is from then on; a day alone means its beginning')
        .option('--until <moment>', 'hold what is up to then; a day alone means its end')
        .option('--expires <moment>', 'when the hold itself ends; without it, when it is released')
        .option('--asked-by <whom>', 'who asked for it')
        .requiredOption('--reason <text>', 'why; kept with the hold'),
    async (options, context, [name = '']) => (await import('./commands/hold.js')).holdAdd(name, options, context),
  );
  add<{ reason: string }>(
    hold,
    'release <name>',
    { summary: 'end a hold', example: 'mailwarden hold release case-7 --reason "case closed"' },
    (command) => command.requiredOption('--reason <text>', 'why; kept with the change'),
    async (options, context, [name = '']) => (await import('./commands/hold.js')).holdRelease(name, options.reason, context),
  );
  add(hold, 'list', { summary: 'list the holds that stand', example: 'mailwarden hold list' }, plain, async (_options, context) => (await import('./commands/hold.js')).holdList(context));
}

/** What waits for a person or for time: approvals, marks, rollouts. */
export function addWaiting(program: Command): void {
  const waiting = () => import('./commands/waiting.js');
  add(program, 'approvals', { summary: 'list what policies in mode ask want to delete', example: 'mailwarden approvals', exits: '0 nothing waits, 1 something does, 2 failed' }, plain, async (_options, context) => (await waiting()).approvals(context));
  add<{ reason: string }>(program, 'approve <id>', { summary: 'approve one of them', example: 'mailwarden approve 1c2f9a07 --reason "looked at the plan"' }, withReason, async ({ reason }, context, [id = '']) => (await waiting()).decideOnRequest('approve', id, reason, context));
  add<{ reason: string }>(program, 'reject <id>', { summary: 'reject one of them: nothing of it is deleted', example: 'mailwarden reject 1c2f9a07 --reason "still needed"' }, withReason, async ({ reason }, context, [id = '']) => (await waiting()).decideOnRequest('reject', id, reason, context));
  add(program, 'marks', { summary: 'list what is marked, and when it will be deleted', example: 'mailwarden marks' }, plain, async (_options, context) => (await waiting()).marks(context));
  add<{ reason: string }>(program, 'release <id>', { summary: 'take a mark back: nothing of it is deleted, until it is resumed', example: 'mailwarden release 1c2f9a07 --reason "still needed"' }, withReason, async ({ reason }, context, [id = '']) => (await waiting()).decideOnMark('release', id, reason, context));
  add<{ reason: string }>(program, 'resume <id>', { summary: 'let a policy mark again where its mark was released', example: 'mailwarden resume 1c2f9a07 --reason "case closed"' }, withReason, async ({ reason }, context, [id = '']) => (await waiting()).decideOnMark('resume', id, reason, context));
  const rollout = program.command('rollout').description('how far policies have come through their waves; stop and go on');
  add(rollout, 'list', { summary: 'list rollouts with their waves', example: 'mailwarden rollout list', exits: '0 none is stopped, 1 one is, 2 failed' }, plain, async (_options, context) => (await waiting()).rollouts(context));
  add<{ reason: string }>(rollout, 'stop <policy>', { summary: 'give no further order of a policy', example: 'mailwarden rollout stop backup-cap --reason "looking into mx-3"' }, withReason, async ({ reason }, context, [name = '']) => (await waiting()).decideOnRollout('stop', name, reason, context));
  add<{ reason: string }>(rollout, 'resume <policy>', { summary: 'go on with a rollout that was stopped', example: 'mailwarden rollout resume backup-cap --reason "cause found and mended"' }, withReason, async ({ reason }, context, [name = '']) => (await waiting()).decideOnRollout('resume', name, reason, context));
}
