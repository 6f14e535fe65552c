import { known, unknown } from '@mailwarden/kernel';
import type { PlannedItem, StoreEngine } from '../store-engine.js';
import type { RotateRequest } from '../rotate-request.js';
import { inTurns } from './in-turns.js';
import { pathOf, plannedFiles, planFiles, type FilesPlan } from './plan-files.js';
import { rotateFiles, settleFiles } from './rotate-files.js';
import { survey } from './survey.js';
import { identityOf } from './why-not.js';

/** The list is made each time it is asked for: a plan of millions of files lies in no memory. */
const listOf = (request: RotateRequest, plan: FilesPlan): Iterable<PlannedItem> => ({
  *[Symbol.iterator]() {
    for (const file of plannedFiles(request, plan)) yield { path: pathOf(file), bytes: file.bytes, atMs: file.atMs, identity: identityOf(file) };
  },
});

/** Stores of files, generations, leftovers, dumps, and pairs of a file and a row. */
export const filesEngine: StoreEngine = {
  async preview(request) {
    const planned = await inTurns(planFiles(request));
    const { plan, skipped, digest, unreadable } = planned;
    if (unreadable !== null) throw new Error(unreadable);
    return { before: plan.before, planned: { ...plan.planned, digest }, skipped, goal: plan.goal, stopped: plan.stopped, staysOver: plan.staysOver, list: listOf(request, planned) };
  },
  carryOut: (request, order, journal) => rotateFiles(request, order.id, journal),
  settle: (request, order, journal, reason) => settleFiles(request, order.id, journal, reason),
  async measure(request) {
    const { totals, unreadable } = await inTurns(survey(request, { nowMs: request.now(), floor: null, oneByOne: false }));
    return unreadable === null ? known({ items: totals.items, bytes: totals.bytes }) : unknown(unreadable);
  },
};
