import { idOfRuleTask, UNFINISHED_TASKS_MAX, type Receipt, type UnfinishedTasks } from '@mailwarden/contracts';
import { accountIn, earlierFacts, openJournals, type OrderFacts } from '@mailwarden/rotation-fs';
import type { ExecutorSettings } from './executor-settings.js';
import { forgetFinished, keptOrder } from './kept-orders.js';
import { stateDirOf, type Standing } from './known-bundle.js';
import { mandateOfBegun, mandateOfOrder, type Here, type Mandate } from './mandate.js';
import { openOrder } from './open-task.js';
import type { Trusted } from './trusted-files.js';

/** What this host began and never accounted for. */
export function listUnfinished({ journalDir }: Pick<ExecutorSettings, 'journalDir'>): UnfinishedTasks {
  forgetFinished(stateDirOf(journalDir), journalDir);
  const { open, damaged } = openJournals(journalDir);
  const tasks = open.slice(0, UNFINISHED_TASKS_MAX).map(({ id, profile, store, bounds }): UnfinishedTasks['tasks'][number] => ({ id, profile, store, deadlineSeconds: bounds.deadlineSeconds }));
  return { schema: 'mailwarden/unfinished-tasks/v1', tasks, damaged };
}

/** What was begun under a name that the agent knows: an order's own id, or the one that it gave a rule. Null where nothing was. Errors: throws when the journal is damaged. */
export const begunAs = (named: string, { server, journalDir }: Pick<ExecutorSettings, 'server' | 'journalDir'>): OrderFacts | null =>
  earlierFacts(journalDir, idOfRuleTask(server, named)) ?? earlierFacts(journalDir, named);

/**
 * How what was begun is accounted for. A signed order is given again as it was kept: one that ran out is brought to its end. A rule is brought to its end: nothing new goes.
 * Errors: throws when nothing was begun, or the order was not kept: an earlier version kept none.
 */
export function mandateOfUnfinished(named: string, parts: { readonly settings: ExecutorSettings; readonly trusted: Trusted; readonly standing: Standing; readonly here: Here }): Mandate | Receipt {
  const { settings, trusted, standing, here } = parts;
  const begun = begunAs(named, settings);
  if (begun === null) throw new Error(`nothing was begun on this host as ${named}`);
  const account = accountIn(settings.journalDir, begun.id);
  if (account !== null) return account;
  if (begun.authority?.kind === 'bundle') return mandateOfBegun(begun, standing);
  const document = keptOrder(stateDirOf(settings.journalDir), begun.id);
  if (document === null) throw new Error(`the order ${begun.id} was begun and is not kept on this host: it is accounted for when the rotation worker's order comes again`);
  const order = openOrder(document, trusted.trust.rotation);
  if (!order.ok) throw new Error(order.error);
  return mandateOfOrder(order.value, standing, here);
}
