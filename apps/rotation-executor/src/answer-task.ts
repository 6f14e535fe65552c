import type { SignedReceipt, UnfinishedTasks } from '@mailwarden/contracts';
import { carryOutOpened, type TaskLife } from './carry-out-task.js';
import type { ExecutorSettings } from './executor-settings.js';
import { openTask } from './open-task.js';
import { loadTrusted } from './trusted-files.js';
import { begunAs, listUnfinished } from './unfinished.js';

/** One task, from its text to its answer: its signed account, or what has none yet where that was asked, or where nothing was begun under the id that was asked for. Errors: as `carryOutTask`. */
export async function answerTask(text: string, settings: ExecutorSettings, life: TaskLife = {}): Promise<SignedReceipt | UnfinishedTasks> {
  const trusted = await loadTrusted(settings);
  const task = openTask(text, trusted.trust.rotation);
  if (!task.ok) throw new Error(task.error);
  const { unfinished } = task.value;
  if (unfinished === 'list' || (unfinished !== null && begunAs(unfinished, settings) === null)) return listUnfinished(settings);
  return carryOutOpened(task.value, settings, trusted, life);
}
