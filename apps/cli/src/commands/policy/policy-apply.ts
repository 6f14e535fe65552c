import type { AppliedPolicies, PolicyPlan } from '@mailwarden/contracts';
import { ApiClient } from '../../api-client.js';
import { CommandFailure, EXIT, type ExitCode } from '../../failure.js';
import { diffText } from '../../output/diff-text.js';
import { planText } from '../../output/plan-text.js';
import { printJson, printLines, type CommandContext } from '../context.js';
import { confirm } from './confirm.js';
import { readDocuments, requireNone, type NamedDocument } from './read-documents.js';

type Change = AppliedPolicies['changes'][number];
/** Rows of the plan that are shown before a change. */
const ROWS = 10;

const differs = ({ change }: Change): boolean => change !== 'same';
const VERBS: Readonly<Record<Change['change'], string>> = { new: 'new', changed: 'changed', same: 'the same', removed: 'removed' };

function changeLines(change: Change, context: CommandContext): string[] {
  const { style } = context;
  const lines = diffText(change.before ?? '', change.after ?? '', { before: change.before === null ? 'nothing' : `${change.policy}, as it stands`, after: change.after === null ? 'nothing' : `${change.policy}, as given` }, style);
  return [`${style.bold(change.policy)}  ${style.dim(change.kind)}  ${VERBS[change.change]}`, ...lines];
}

async function checked(client: ApiClient, documents: readonly NamedDocument[], remove: readonly string[]): Promise<Change[]> {
  const { changes, mistakes } = await client.ask('checkPolicies', { body: { documents: documents.map(({ text }) => text), remove } });
  requireNone(documents, mistakes);
  return changes;
}

/** Compares policy files with what stands. Exit: 0 the same, 1 they differ. */
export async function policyDiff(files: readonly string[], context: CommandContext): Promise<ExitCode> {
  const documents = await readDocuments(files);
  const changes = await checked(await ApiClient.forRuntime(context.dataDir), documents, []);
  if (context.format === 'json') printJson(context, { changes });
  else printLines(context, changes.flatMap((change) => (differs(change) ? changeLines(change, context) : [`${change.policy}  the same`])));
  return changes.some(differs) ? EXIT.found : EXIT.nothingFound;
}

export interface ApplyOptions {
  readonly remove: readonly string[];
  readonly reason: string;
  /** Do not ask; for scripts. */
  readonly yes: boolean;
}

/** Errors: CommandFailure for a reason that says nothing: an auditor will ask. */
export function requireReason(reason: string): string {
  if (reason.trim() === '') throw new CommandFailure('--reason is empty', 'an auditor will ask; write it out');
  return reason.trim();
}

/** A plan of what is given alone: what is removed deletes nothing any more. */
async function planOf(client: ApiClient, documents: readonly NamedDocument[]): Promise<PolicyPlan | null> {
  return documents.length === 0 ? null : client.ask('planPolicies', { body: { documents: documents.map(({ text }) => text), policy: null, server: null, rows: ROWS } });
}

/** Lets policies stand, after a look at what they change and would delete. Exit: 0 done or nothing to change, 1 not confirmed. */
export async function policyApply(files: readonly string[], options: ApplyOptions, context: CommandContext): Promise<ExitCode> {
  const reason = requireReason(options.reason);
  if (files.length === 0 && options.remove.length === 0) throw new CommandFailure('nothing is given to apply', 'name policy files, or a policy to withdraw with --remove');
  const documents = await readDocuments(files);
  const client = await ApiClient.forRuntime(context.dataDir);
  const changes = await checked(client, documents, options.remove);
  const changing = changes.filter(differs);
  if (changing.length === 0) return nothingToDo(changes, context);
  const plan = await planOf(client, documents);
  if (context.format === 'text') {
    printLines(context, [...changing.flatMap((change) => changeLines(change, context)), '']);
    if (plan !== null && plan.totals.length > 0) printLines(context, [...planText(plan, Date.now(), context.style), '']);
  }
  if (!options.yes && !(await confirm(`Apply ${changing.length === 1 ? 'this change' : `these ${changing.length} changes`} to the fleet?`))) {
    if (context.format === 'text') context.print('Nothing was changed.');
    return EXIT.found;
  }
  const applied = await client.ask('applyPolicies', { body: { documents: documents.map(({ text }) => text), remove: options.remove, reason } });
  requireNone(documents, applied.mistakes);
  if (context.format === 'json') printJson(context, { changes: applied.changes, plan });
  else printLines(context, [...applied.changes.filter(differs).map(({ policy, change }) => `${policy}: ${change === 'removed' ? 'withdrawn' : 'applied'}`), ...nextLines(plan, context)]);
  return EXIT.nothingFound;
}

/** Where to see what comes of it. */
function nextLines(plan: PolicyPlan | null, { style }: CommandContext): string[] {
  const going = new Set(plan?.totals.filter(({ wouldDelete }) => wouldDelete.items > 0).map(({ mode }) => mode));
  return [
    ...(going.has('enforce') ? [style.dim('Orders leave after the next scan of each server; see: mailwarden orders')] : []),
    ...(going.has('ask') ? [style.dim('It asks after the next scan of each server; see: mailwarden approvals')] : []),
  ];
}

function nothingToDo(changes: readonly Change[], context: CommandContext): ExitCode {
  if (context.format === 'json') printJson(context, { changes, plan: null });
  else context.print('Everything stands as given; nothing to change.');
  return EXIT.nothingFound;
}
