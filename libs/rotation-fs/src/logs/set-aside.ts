import { setTimeout as after } from 'node:timers/promises';
import type { RotateActive } from '@mailwarden/catalogue';
import { concernsStore, meets, spanOf } from '@mailwarden/rotation';
import { asideByCopy } from './aside-by-copy.js';
import { asideByName } from './aside-by-name.js';
import { startOf } from './choose-logs.js';
import { generationNames } from './generation-name.js';
import type { ChosenLog } from './log-record.js';
import { lastRecord, nameFrom, placeOfChosen, stayed, type AsideOutcome, type LogWork } from './log-work.js';
import { storePatterns, withDeviceOfNow, withFolder, type FileIdentity, type FilePlace, type StoreFile } from './store-file.js';
import type { Journal } from '../journal/journal.js';
import { outOfPatience } from '../patience.js';
import type { ApplyRequest } from '../rotate-request.js';

/** Longer than this no order waits for a log to be at rest: the next one deletes it. Units: milliseconds. */
const REST_MS_MAX = 60_000;
const LOOK_EVERY_MS = 100;

function way(work: LogWork, how: RotateActive): Promise<AsideOutcome | null> {
  if (work.names.length === 0) return Promise.resolve(stayed('no name that the log could get is taken in by the patterns of its store'));
  return withFolder(work.request.host, work.place, (directory) => {
    const renaming = lastRecord(work, 'log-renaming');
    const names = [work.place.name, ...(renaming === undefined ? [] : [nameFrom(renaming.generation)])];
    const now: LogWork = { ...work, identity: withDeviceOfNow(work.identity, names.map((name) => ({ directory, name }))) };
    return how.by === 'copy-truncate' ? asideByCopy(now, directory, how) : asideByName(now, directory, how);
  });
}

/** Whether a hold means anything that was written into a log until now. */
async function isHeld(request: ApplyRequest, log: FilePlace & FileIdentity): Promise<boolean> {
  const spans = request.holds.filter((hold) => concernsStore(hold, request.profile.id, request.store.id)).map(spanOf);
  return spans.length > 0 && meets(spans, { fromMs: (await startOf(request, log)) ?? -Infinity, untilMs: request.now() });
}

/** Logs that an order chose and that no run of it has brought to an end. */
function openLogs(journal: Journal): { readonly number: number; readonly log: ChosenLog; readonly isBegun: boolean }[] {
  const chosen = journal.records.find((record) => record.kind === 'log-chosen')?.logs ?? [];
  const numbered = (kinds: readonly string[]): Set<number> => new Set(journal.records.flatMap((record) => ('log' in record && kinds.includes(record.kind) ? [record.log] : [])));
  const [ended, begun] = [numbered(['log-aside']), numbered(['log-renaming', 'log-copying'])];
  return chosen.flatMap((log, number) => (ended.has(number) ? [] : [{ number, log, isBegun: begun.has(number) }]));
}

/**
 * Sets the chosen logs of an order aside, one after the other; what an earlier run began is brought to its end. Holds are asked again: an order that goes on may be older than they are. With `beginNew` false nothing else is begun.
 * Errors: throws when the journal cannot be written, or a cut was begun and cannot be ended now; the order then stays open.
 */
export async function setChosenAside(request: ApplyRequest, journal: Journal, beginNew: boolean): Promise<void> {
  const how = request.store.rotateActive;
  for (const { number, log, isBegun } of openLogs(journal)) {
    if (!isBegun && (!beginNew || request.stop?.aborted === true)) continue;
    const place = placeOfChosen(log);
    const work: LogWork = { request, journal, number, place, identity: place, names: generationNames(place, storePatterns(request), request.now()), watch: request.watch ?? (() => undefined), isHeld: await isHeld(request, place) };
    const outcome = how === null ? stayed('the profile does not say any more how the log is set aside') : ((await way(work, how)) ?? stayed('the folder of the log is gone'));
    journal.write({ kind: 'log-aside', log: number, ...outcome });
  }
}

/** Waits until what was set aside has been left alone for as long as its profile asks, so that this order may still take it; a longer rest is left to the next order. */
export async function waitForRest(request: ApplyRequest, chosen: readonly StoreFile[], startedMonotonicMs: number): Promise<void> {
  const restMs = request.store.quietPeriodSeconds * 1000;
  if (chosen.length === 0 || restMs > REST_MS_MAX || request.keep.youngerThanSeconds * 1000 > restMs) return;
  const patience = { startedMonotonicMs, startedMs: request.now(), deadlineSeconds: request.bounds.deadlineSeconds, now: request.now, byAge: false, stop: request.stop };
  for (const endTicks = performance.now() + restMs; performance.now() <= endTicks && outOfPatience(patience) === null; ) await after(Math.min(LOOK_EVERY_MS, Math.max(1, restMs)));
}
