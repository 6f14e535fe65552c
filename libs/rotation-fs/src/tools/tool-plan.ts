import type { SkipReason } from '@mailwarden/contracts';
import type { BegunOrder } from '@mailwarden/rotation';
import { inOneGo, inTurns } from '../files/in-turns.js';
import type { AgeKey, PlannedFile } from '../files/item-window.js';
import { planFiles, plannedFiles, type FilesPlan } from '../files/plan-files.js';
import { survey, type Surveyed } from '../files/survey.js';
import type { RotateRequest } from '../rotate-request.js';

/** A plan with all of its items: tools of products are given thousands, not millions. */
export interface ToolPlan extends Pick<FilesPlan, 'plan' | 'skipped' | 'digest' | 'unreadable'> {
  readonly items: readonly PlannedFile[];
}

/** Looks and decides as for files; touches nothing. */
export async function planForTool(request: RotateRequest, begun?: BegunOrder): Promise<ToolPlan> {
  const plan = await inTurns(planFiles(request, begun));
  return { plan: plan.plan, skipped: plan.skipped, digest: plan.digest, unreadable: plan.unreadable, items: [...plannedFiles(request, plan)] };
}

export interface HeldFile extends PlannedFile {
  /** Why it may not go, whatever the limits say; null where it may. */
  readonly blocked: SkipReason | null;
}

/** All that the store holds now. Errors: throws when it cannot be read: then nobody can tell what the tool did. */
export function* filesOf(request: RotateRequest): Generator<HeldFile, void, void> {
  const nowMs = request.now();
  for (let floor: AgeKey | null = null; ; ) {
    const { window, unreadable }: Surveyed = inOneGo(survey(request, { nowMs, floor, oneByOne: true }));
    if (unreadable !== null) throw new Error(unreadable);
    const order = window.order();
    for (const place of order) yield { ...window.fileAt(place), blocked: window.blockedBy(place) };
    const last = order.at(-1);
    if (window.isWhole || last === undefined) return;
    floor = window.keyOf(last);
  }
}
