import { known, unknown } from '@mailwarden/kernel';
import type { StoreEngine } from '../store-engine.js';
import { findItems } from './find-items.js';
import { planStore } from './plan-store.js';
import { rotateFiles, settleFiles } from './rotate-files.js';

/** Stores of files, generations, leftovers, dumps, and pairs of a file and a row. */
export const filesEngine: StoreEngine = {
  async preview(request) {
    const { plan, items, skipped, digest, unreadable } = await planStore(request);
    if (unreadable !== null) throw new Error(unreadable);
    const list = items.map(({ root, folder, name, bytes, atMs, dev, ino, size, mtimeMs }) => ({ path: `${root}/${folder === '' ? '' : `${folder}/`}${name}`, bytes, atMs, identity: `${dev}:${ino} ${size} ${mtimeMs}` }));
    return { before: plan.before, planned: { ...plan.planned, digest }, skipped, goal: plan.goal, stopped: plan.stopped, staysOver: plan.staysOver, list };
  },
  carryOut: (request, order, journal) => rotateFiles(request, order.id, journal),
  settle: (request, order, journal, reason) => settleFiles(request, order.id, journal, reason),
  async measure(request) {
    const { items, unreadable } = await findItems(request, request.now());
    return unreadable === null ? known({ items: items.length, bytes: items.reduce((sum, item) => sum + item.bytes, 0) }) : unknown(unreadable);
  },
};
