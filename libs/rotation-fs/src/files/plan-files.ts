import { createHmac } from 'node:crypto';
import type { SkipReason } from '@mailwarden/contracts';
import type { BytePath } from '@mailwarden/inventory';
import type { Sha256 } from '@mailwarden/kernel';
import { concernsStore, Selection, type BegunOrder, type RotationPlan, type RotationRules } from '@mailwarden/rotation';
import type { RotateRequest } from '../rotate-request.js';
import { inOneGo } from './in-turns.js';
import type { AgeKey, FolderName, ItemWindow, PlannedFile } from './item-window.js';
import { spanHolds } from './message-file.js';
import { messageGuardFor } from './message-guard.js';
import { FileFolders } from './file-folders.js';
import { generationSince } from '../logs/log-beginning.js';
import { roomOf } from './store-room.js';
import { survey, type Surveyed } from './survey.js';

/** Path of an item from the host's root. */
export const pathOf = ({ root, folder, name }: FolderName & { readonly name: BytePath }): BytePath => `${root === '/' ? '' : root}/${folder === '' ? '' : `${folder}/`}${name}`;

/** A piece of a plan: what goes of the items that are known one by one at the same time. */
export interface PlanPiece {
  readonly window: ItemWindow;
  /** Places in the window, oldest first. */
  readonly chosen: readonly number[];
  /** The youngest item that was looked at: the next piece begins after it. Null where the piece is the last one. */
  readonly next: AgeKey | null;
}

/** The exact files that would go, oldest first, and why others stay. */
export interface FilesPlan {
  readonly plan: Omit<RotationPlan, 'selected'>;
  /** The whole of it where one piece is all there is; null where it does not fit into memory at once. */
  readonly piece: PlanPiece | null;
  readonly skipped: ReadonlyMap<SkipReason, number>;
  /** Keyed hash over the exact list; the list itself stays on the host. */
  readonly digest: Sha256;
  readonly unreadable: string | null;
  /** When it was made: what it is compared with later is reckoned from here. Units: milliseconds since 1970. */
  readonly nowMs: number;
}

function rulesFor(request: RotateRequest, nowMs: number, begun: BegunOrder | undefined): RotationRules {
  const { watermarks, keep, bounds, holds, profile, store, issuedAtMs } = request;
  const spans = spanHolds(holds.filter((hold) => concernsStore(hold, profile.id, store.id)), store);
  return { watermarks, keep, bounds, holds: spans, nowMs, issuedAtMs, room: roomOf(request), ...(begun === undefined ? {} : { begun }) };
}

function choose(request: RotateRequest, selection: Selection, { window }: Surveyed): PlanPiece {
  const order = window.order();
  const guard = messageGuardFor(request);
  const folders = new FileFolders(request.host);
  const { bytes, atMs, otherMs } = window;
  const sinceMs = (place: number): number => {
    const file = window.fileAt(place);
    const folder = folders.of(file);
    return folder === null ? -Infinity : generationSince(folder, file.name, file, request);
  };
  const chosen = selection.take({ bytes, atMs, otherMs, ...(request.store.kind === 'log' ? { sinceMs } : {}), blockedBy: (place) => window.blockedBy(place) ?? (guard.keeps(window.fileAt(place)) ? 'held' : null) }, order);
  guard.close();
  folders.close();
  const youngest = order.at(-1);
  return { window, chosen, next: selection.isOver || window.isWhole || youngest === undefined ? null : window.keyOf(youngest) };
}

/** Looks and decides; touches nothing. A store with more items than fit into memory is looked at once for each piece. */
export function* planFiles(request: RotateRequest, begun?: BegunOrder): Generator<void, FilesPlan, void> {
  const nowMs = request.now();
  const hash = createHmac('sha256', request.hashKey);
  let surveyed = yield* survey(request, { nowMs, floor: null, oneByOne: true });
  const { totals, passedOver } = surveyed;
  const selection = new Selection(totals, rulesFor(request, nowMs, begun));
  let pieces = 0;
  let piece: PlanPiece | null = null;
  let { unreadable } = surveyed;
  for (let floor: AgeKey | null = null; pieces === 0 || floor !== null; floor = piece.next, pieces += 1) {
    piece = null; // Two windows at once would be one too many.
    if (floor !== null) surveyed = yield* survey(request, { nowMs, floor, oneByOne: true });
    unreadable ??= surveyed.unreadable;
    piece = choose(request, selection, surveyed);
    for (const place of piece.chosen) {
      const file = piece.window.fileAt(place);
      hash.update(`${pathOf(file)}\0${file.size}\0${file.mtimeMs}\n`, 'latin1');
    }
  }
  const plan = selection.plan();
  const skipped = new Map(plan.skipped);
  if (plan.goal.kinds.length > 0) for (const [reason, count] of passedOver) skipped.set(reason, (skipped.get(reason) ?? 0) + count);
  return { plan, piece: pieces === 1 ? piece : null, skipped, digest: hash.digest('hex') as Sha256, unreadable, nowMs };
}

/** The pieces of a plan again, one after the other, for a plan that does not fit into memory. What became of earlier pieces meanwhile plays no part. */
export function* nextPiece(request: RotateRequest, begun: BegunOrder, floor: AgeKey | null, nowMs: number): Generator<void, PlanPiece, void> {
  const surveyed = yield* survey(request, { nowMs, floor, oneByOne: true });
  return choose(request, new Selection(surveyed.totals, rulesFor(request, nowMs, begun), surveyed.below), surveyed);
}

/** The exact files of a plan, oldest first, with their moments. They are looked for again where they do not fit into memory. */
export function* plannedFiles(request: RotateRequest, { plan, piece, nowMs }: Pick<FilesPlan, 'plan' | 'piece' | 'nowMs'>): Iterable<PlannedFile & { readonly atMs: number }> {
  let floor: AgeKey | null = null;
  let itemsLeft = plan.planned.items;
  for (let current = piece; itemsLeft > 0; current = null) {
    const one: PlanPiece = current ?? inOneGo(nextPiece(request, { ...plan.goal, itemsLeft, newestMs: plan.planned.newestMs, deleted: { items: 0, bytes: 0 } }, floor, nowMs));
    for (const place of one.chosen) yield { ...one.window.fileAt(place), atMs: one.window.atMs[place] ?? Number.NaN };
    itemsLeft -= one.chosen.length;
    if (one.next === null) return;
    floor = one.next;
  }
}
