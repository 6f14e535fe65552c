import { setTimeout as after } from 'node:timers/promises';
import type { ItemTool } from '@mailwarden/catalogue';
import type { Pace } from '@mailwarden/contracts';
import type { Result } from '@mailwarden/kernel';
import type { PlannedFile } from '../files/item-window.js';
import { outOfPatience, type Patience } from '../patience.js';
import { batchesOf, givenTo, type ItemBatch, type NamedItem } from './item-batches.js';
import { runTool, type ToolAnswer } from './run-tool.js';
import { toolItemOf } from './tool-item.js';
import { closeRun, compare, skip, type ToolWork } from './tool-work.js';
import { isAtItsPlace, syncFolders, WatchedItem } from './watched-item.js';

/** A tool that fails again and again is not tried for every person of the server. */
const FAILURES_IN_A_ROW_MAX = 3;

/** Holds the planned files of a run; what is no longer the planned file is not given to the tool. */
function watch(work: ToolWork<ItemTool>, items: readonly NamedItem<PlannedFile>[]): { readonly given: readonly NamedItem<PlannedFile>[]; readonly held: readonly WatchedItem[] } {
  const given: NamedItem<PlannedFile>[] = [];
  const held: WatchedItem[] = [];
  for (const one of items) {
    const opened = WatchedItem.open(work.request.host, toolItemOf(one.item));
    if (!opened.ok) skip(work.deleted, opened.error);
    else {
      given.push(one);
      held.push(opened.value);
    }
  }
  return { given, held };
}

/** Looks at each item that the tool was given, whatever the tool says. */
function account(work: ToolWork<ItemTool>, held: readonly WatchedItem[]): { readonly items: number; readonly bytes: number } {
  const gone = held.filter((item) => item.isDeleted).map(({ item }) => item);
  const kept = held.filter((item) => !item.isDeleted);
  const elsewhere = kept.filter(({ item }) => !isAtItsPlace(work.request.host, item)).length;
  syncFolders(work.request.host, gone);
  work.request.watch?.('deleted');
  closeRun(work, gone);
  skip(work.deleted, 'kept-by-tool', kept.length);
  work.tally.elsewhere += elsewhere;
  return { items: gone.length, bytes: gone.reduce((sum, item) => sum + item.bytes, 0) };
}

/** Why a run did not succeed; null when it did. */
function problemOf(tool: ItemTool, program: string, answer: Result<ToolAnswer, string>): string | null {
  if (!answer.ok) return answer.error;
  return tool.exitCodes.includes(answer.value.exitCode) ? null : `${program} ended with ${answer.value.exitCode}`;
}

/** One run: intent on disk, the tool, and a look at each item. Returns why it failed; null when it did not. */
async function runBatch(work: ToolWork<ItemTool>, batch: ItemBatch<PlannedFile>, timeoutMs: number): Promise<string | null> {
  const { tool, request } = work;
  const { given, held } = watch(work, batch.items);
  try {
    if (given.length === 0) return null;
    const { args, input } = givenTo(tool, given);
    const argv = [...batch.command, ...args];
    request.watch?.('intent');
    work.journal.write({ kind: 'tool-intent', argv, items: held.map(({ item }) => item) });
    request.watch?.('taken');
    const answer = await runTool({ argv, input, timeoutMs, account: work.account });
    request.watch?.('moved');
    const measured = account(work, held);
    compare(work, answer, measured);
    return problemOf(tool, argv[0] ?? '', answer);
  } finally {
    for (const item of held) item.close();
  }
}

/** The second program; it tidies after the first one, so that its failure loses nothing. */
async function runThen(work: ToolWork<ItemTool>, batch: ItemBatch<PlannedFile>, timeoutMs: number): Promise<void> {
  if (batch.then === null) return;
  const answer = await runTool({ argv: batch.then, input: '', timeoutMs, account: work.account });
  const problem = problemOf(work.tool, batch.then[0] ?? '', answer);
  if (problem !== null) work.notes.add(`${problem}: what is left of the deleted items beside them may still be there`);
}

/** Keeps to a rate between two runs, by a clock that does not jump. Units: milliseconds. */
async function keepPace({ itemsPerSecond, bytesPerSecond }: Pace, { items }: ItemBatch<PlannedFile>, sinceMs: number): Promise<void> {
  const bytes = items.reduce((sum, { item }) => sum + item.bytes, 0);
  const neededMs = Math.max(itemsPerSecond === null ? 0 : (1000 * items.length) / itemsPerSecond, bytesPerSecond === null ? 0 : (1000 * bytes) / bytesPerSecond);
  const waitMs = neededMs - (performance.now() - sinceMs);
  if (waitMs > 0) await after(waitMs);
}

/** Hands the planned items to the tool, oldest first. Returns why it stopped before the end; null when it did not. */
export async function carryOutByItem(work: ToolWork<ItemTool>, items: readonly NamedItem<PlannedFile>[], patience: Patience): Promise<string | null> {
  const { tool, request } = work;
  const { itemsPerSecond } = request.pace;
  const itemsMax = itemsPerSecond === null ? tool.itemsAtOnce : Math.max(1, Math.min(tool.itemsAtOnce, Math.floor(itemsPerSecond)));
  let failures = 0;
  for (const batch of batchesOf(tool, items, itemsMax)) {
    const stopped = outOfPatience(patience);
    if (stopped !== null) return stopped;
    const sinceMs = performance.now();
    const leftMs = patience.startedMonotonicMs + patience.deadlineSeconds * 1000 - sinceMs;
    const timeoutMs = Math.max(1, Math.min(tool.timeoutSeconds * 1000, leftMs));
    const failed = await runBatch(work, batch, timeoutMs);
    if (failed === null) await runThen(work, batch, timeoutMs);
    else work.notes.add(failed);
    failures = failed === null ? 0 : failures + 1;
    if (failures >= FAILURES_IN_A_ROW_MAX) return `the tool failed ${failures} times in a row: ${failed ?? ''}`;
    await keepPace(request.pace, batch, sinceMs);
  }
  return null;
}
