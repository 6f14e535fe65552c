import { performance } from 'node:perf_hooks';
import type { ProductTool } from '@mailwarden/catalogue';
import { filesEngine } from '../files/files-engine.js';
import { pathOf } from '../files/plan-files.js';
import { cutShort, restOf, settleOpenFiles, tellReturned, type SettledFiles } from '../files/rotate-files.js';
import type { Journal } from '../journal/journal.js';
import { NOTHING_DONE, type OrderFacts, type Outcome } from '../outcome.js';
import type { ApplyRequest, RotateRequest } from '../rotate-request.js';
import type { StoreEngine } from '../store-engine.js';
import { named } from './item-batches.js';
import { carryOutByItem } from './item-tool.js';
import { carryOutByRule, ruleProblem } from './rule-tool.js';
import { settleRun } from './settle-run.js';
import { planForTool, type ToolPlan } from './tool-plan.js';
import { accountFor, deletedSoFar, factsOf, notesOf, skip, toldOf, toolProblem, type ToolWork } from './tool-work.js';

function toolOf(request: Pick<RotateRequest, 'store'>): ProductTool {
  const { tool } = request.store;
  if (tool === null) throw new Error(`${request.store.id} has no tool`);
  return tool;
}

const mayBeFiles = (tool: ProductTool): boolean => tool.by === 'item' && tool.otherwise === 'files';

function workFor(request: ApplyRequest, journal: Journal): ToolWork {
  const tool = toolOf(request);
  const account = accountFor(request.host, tool);
  return { request, journal, tool, account: account.ok ? account.value : null, deleted: deletedSoFar(journal), notes: new Set(), tally: { elsewhere: 0, told: 0, measured: 0 } };
}

const isByItem = (work: ToolWork): work is ToolWork<Extract<ProductTool, { by: 'item' }>> => work.tool.by === 'item';
const isByRule = (work: ToolWork): work is ToolWork<Extract<ProductTool, { by: 'rule' }>> => work.tool.by === 'rule';

/** Runs the tool for a plan. Returns why it stopped before the end; null when it did not. */
async function runFor(work: ToolWork, plan: ToolPlan, startedMonotonicMs: number, startedMs: number): Promise<string | null> {
  const { request } = work;
  if (isByRule(work)) return carryOutByRule(work, plan);
  if (!isByItem(work)) return null;
  const { named: items, nameless } = named(work.tool, plan.items, pathOf);
  skip(work.deleted, 'unnameable', nameless);
  const { bounds, now, stop } = request;
  return carryOutByItem(work, items, { startedMonotonicMs, startedMs, deadlineSeconds: bounds.deadlineSeconds, now, byAge: plan.plan.goal.olderThanMs !== null, stop });
}

/** Ends what an earlier run left half done: a run of the tool, and a batch of what it left. */
async function settleAll(work: ToolWork, order: Pick<OrderFacts, 'id'>): Promise<SettledFiles> {
  await settleRun(work);
  const files = await settleOpenFiles(work.request, order.id, work.journal, work.deleted);
  for (const note of files.notes) work.notes.add(note);
  return files;
}

/** What the tool left is deleted as files, where the profile says that this is right. */
async function restAsFiles(work: ToolWork, order: OrderFacts): Promise<Outcome> {
  const rest = await filesEngine.carryOut(work.request, order, work.journal);
  return { ...rest, notes: [...notesOf(work), ...(rest.notes ?? [])], facts: { ...factsOf(work.tool), ...(rest.facts === undefined ? {} : { fileSystems: rest.facts.fileSystems }) } };
}

function endOf(work: ToolWork, plan: ToolPlan, stopped: string | null, goneNow: number): readonly [Outcome['outcome'], string] {
  if (stopped !== null) return [goneNow === 0 || work.tool.by === 'rule' ? 'failed' : 'stopped', stopped];
  if (goneNow === 0) return ['failed', [`none of the ${plan.items.length} planned items was deleted by the tool`, ...work.notes].join('; ')];
  const left = plan.items.length - goneNow;
  if (left > 0) return ['completed', `${left} planned items were left`];
  return ['completed', plan.plan.staysOver ? 'what may go did not suffice to get under the limit' : ''];
}

async function carryOut(request: ApplyRequest, order: OrderFacts, journal: Journal): Promise<Outcome> {
  const startedMonotonicMs = performance.now();
  const startedMs = request.now();
  const work = workFor(request, journal);
  const resumed = journal.begun !== undefined;
  const { settled } = await settleAll(work, order);
  if (!settled.ok) return toldOf(work, 'failed', cutShort(settled.error), NOTHING_DONE, resumed);
  const account = accountFor(request.host, work.tool);
  const problem = toolProblem(request.host, work.tool) ?? (account.ok ? null : account.error);
  if (problem !== null && mayBeFiles(work.tool) && request.host.rootPath === '/') {
    work.notes.add(`${problem}; the files were deleted as files, as the profile allows`);
    return restAsFiles(work, order);
  }
  const plan = await planForTool(request, journal.begun === undefined ? undefined : restOf(journal.begun, work.deleted));
  for (const [reason, count] of plan.skipped) skip(work.deleted, reason, count);
  const first = { before: plan.plan.before, planned: { ...plan.plan.planned, digest: plan.digest } };
  const said = (outcome: Outcome['outcome'], reason: string): Outcome => toldOf(work, outcome, reason, first, resumed);
  if (plan.unreadable !== null) return said('failed', plan.unreadable);
  const refused = plan.plan.stopped ?? (isByRule(work) && plan.plan.goal.kinds.length > 0 ? ruleProblem(request, plan, work.tool) : null);
  if (refused !== null) return said('stopped', refused);
  if (plan.items.length === 0) return said(work.deleted.items > 0 ? 'completed' : 'nothing-to-do', plan.plan.staysOver ? 'nothing that may go would bring the store under its limit' : '');
  if (problem !== null) return said('failed', problem);
  if (journal.begun === undefined) journal.write({ kind: 'begun', ...first, goal: plan.plan.goal });
  const goneBefore = work.deleted.items;
  const stopped = await runFor(work, plan, startedMonotonicMs, startedMs);
  if (stopped === null && mayBeFiles(work.tool) && work.deleted.items - goneBefore < plan.items.length) return restAsFiles(work, order);
  return said(...endOf(work, plan, stopped, work.deleted.items - goneBefore));
}

/**
 * Stores whose product has a tool of its own that deletes. We plan and measure; the tool deletes, so that the product knows what it no longer has.
 * Safety: nothing that the tool leaves is deleted by hand, unless the profile says so.
 */
export const toolEngine: StoreEngine = {
  async preview(request) {
    const tool = toolOf(request);
    const preview = await filesEngine.preview(request);
    const problem = mayBeFiles(tool) ? null : toolProblem(request.host, tool);
    const rule = tool.by === 'rule' && preview.goal.kinds.length > 0 ? ruleProblem(request, { skipped: new Map(preview.skipped), plan: { goal: preview.goal } }, tool) : null;
    const notes = [`what is planned here is deleted by ${factsOf(tool).tool ?? 'the tool of the product'}${tool.by === 'rule' ? ', which chooses by itself' : ''}`];
    return { ...preview, stopped: preview.stopped ?? rule ?? (preview.planned.items > 0 ? problem : null), notes: [...(preview.notes ?? []), ...notes] };
  },
  carryOut,
  async settle(request, order, journal, reason) {
    const work = workFor(request, journal);
    const { settled } = await settleAll(work, order);
    if (!settled.ok) return toldOf(work, 'failed', `${reason}; ${cutShort(settled.error)}`, NOTHING_DONE, true);
    tellReturned(work.deleted, settled.value);
    return toldOf(work, 'stopped', reason, NOTHING_DONE, true);
  },
  measure: (request) => filesEngine.measure(request),
};
