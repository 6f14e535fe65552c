import { filledWith, type RuleTool } from '@mailwarden/catalogue';
import type { SkipReason } from '@mailwarden/contracts';
import { boundPassed, concernsStore } from '@mailwarden/rotation';
import type { PlannedFile } from '../files/item-window.js';
import type { RotateRequest } from '../rotate-request.js';
import { assertStoreIsThere } from '../store-away.js';
import { runTool } from './run-tool.js';
import { toolItemOf } from './tool-item.js';
import { filesOf, type HeldFile, type ToolPlan } from './tool-plan.js';
import { closeRun, compare, skip, type ToolWork } from './tool-work.js';
import { bornAtPlace, syncFolders } from './watched-item.js';

/** Nothing is what several tools take for "no limit". */
const LEFT_BYTES_MIN = 1;
/** What a tool that goes from the oldest on leaves by itself: the newest, and what is being written. */
const LEFT_BY_ITSELF: ReadonlySet<SkipReason> = new Set(['kept-newest', 'in-quiet-period', 'active-log']);

const keyOf = ({ dev, ino }: Pick<PlannedFile, 'dev' | 'ino'>): string => `${dev}:${ino}`;

/** When each file was made, by what it is known by. */
const birthsOf = (host: RotateRequest['host'], files: readonly PlannedFile[]): ReadonlyMap<string, number> => new Map(files.map((file) => [keyOf(file), bornAtPlace(host, toolItemOf(file))]));

/** Whether a file that was there before is there now. A new file may get the inode of one that was deleted: it was born later. Where births are not told, the inode alone says it. */
const isSameBirth = (beforeMs: number | undefined, nowMs: number | undefined): boolean => nowMs !== undefined && (beforeMs === undefined || beforeMs === 0 || nowMs === 0 || beforeMs === nowMs);

/**
 * Why a tool that chooses by itself must not be run for a plan; null when it may.
 * Safety: it goes from the oldest on and leaves nothing out, so what must stay between the old and the new would be lost: a hold, an exclusion, an item that was not marked.
 */
export function ruleProblem(request: RotateRequest, plan: { readonly skipped: ToolPlan['skipped']; readonly plan: Pick<ToolPlan['plan'], 'goal'> }, tool: RuleTool): string | null {
  const { holds, profile, store, exclude } = request;
  if (holds.some((hold) => concernsStore(hold, profile.id, store.id))) return 'a hold means this store, and its tool chooses by itself: it cannot leave out what is held';
  if (exclude.length > 0) return 'the tool of this store chooses by itself: it cannot leave out what the policy excludes';
  const between = [...plan.skipped.keys()].filter((reason) => !LEFT_BY_ITSELF.has(reason));
  if (between.length > 0) return `the tool of this store chooses by itself: it cannot leave out what is ${between.join(', ')}`;
  if (tool.bytes === null && (tool.age === null || plan.plan.goal.kinds.some((kind) => kind !== 'age'))) return `the tool of this store has no rule for ${plan.plan.goal.kinds.join(', ')}`;
  return null;
}

/** The command that makes the tool choose what was planned. A tool that does not count the file that is being written then deletes less, never more. */
export function ruleCommand(tool: RuleTool, plan: Pick<ToolPlan, 'plan'>, found: readonly Pick<HeldFile, 'bytes'>[], nowMs: number): readonly string[] {
  const held = found.reduce((sum, { bytes }) => sum + bytes, 0);
  const bytes = String(Math.max(LEFT_BYTES_MIN, held - plan.plan.planned.bytes));
  const seconds = String(Math.max(1, Math.floor((nowMs - (plan.plan.planned.newestMs ?? nowMs)) / 1000)));
  return (tool.bytes ?? tool.age ?? []).map((text) => filledWith(text, { bytes, seconds }));
}

/** Runs the tool once and measures what became of every file of the store. Returns why it failed; null when it did not. */
export async function carryOutByRule(work: ToolWork<RuleTool>, plan: ToolPlan): Promise<string | null> {
  const { request, tool } = work;
  const found = [...filesOf(request)];
  const births = birthsOf(request.host, found);
  const argv = ruleCommand(tool, plan, found, request.now());
  const items = found.map(toolItemOf);
  request.watch?.('intent');
  work.journal.write({ kind: 'tool-intent', argv, items });
  request.watch?.('taken');
  const answer = await runTool({ argv, input: '', timeoutMs: Math.min(tool.timeoutSeconds, request.bounds.deadlineSeconds) * 1000, account: work.account });
  request.watch?.('moved');
  assertStoreIsThere(request, work.journal); // A disk that went meanwhile would look as if all of it were deleted.
  const now = birthsOf(request.host, [...filesOf(request)]);
  const isStill = (item: Pick<PlannedFile, 'dev' | 'ino'>): boolean => isSameBirth(births.get(keyOf(item)), now.get(keyOf(item)));
  const gone = items.filter((item) => !isStill(item));
  syncFolders(request.host, gone);
  request.watch?.('deleted');
  closeRun(work, gone);
  const planned = new Set(plan.items.map(keyOf));
  const beyond = gone.filter((item) => !planned.has(keyOf(item))).length;
  skip(work.deleted, 'kept-by-tool', plan.items.filter(isStill).length);
  if (beyond > 0) work.notes.add(`${beyond} items went that were not planned: the tool chose them, or the product did at the same time`);
  const measured = { items: gone.length, bytes: gone.reduce((sum, { bytes }) => sum + bytes, 0) };
  compare(work, answer, measured);
  if (!answer.ok) return answer.error;
  if (!tool.exitCodes.includes(answer.value.exitCode)) return `${argv[0] ?? ''} ended with ${answer.value.exitCode}`;
  const passed = boundPassed(measured, plan.plan.before, request.bounds);
  return passed === null ? null : `the tool deleted more than was planned: ${passed}`;
}
