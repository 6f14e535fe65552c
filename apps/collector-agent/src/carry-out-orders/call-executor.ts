import { signedReceipt, unfinishedTasks, type SignedReceipt, type UnfinishedTasks } from '@mailwarden/contracts';
import { err, ok, type Result } from '@mailwarden/kernel';
import type { AgentSettings } from '../agent-settings.js';
import type { ExecutorCall, Said } from './executor-call.js';
import { callProcess } from './executor-process.js';
import { callSocket } from './executor-socket.js';

/** What an executor answers: its signed account, or what it has begun and never accounted for. */
export type ExecutorAnswer = { readonly receipt: SignedReceipt } | { readonly unfinished: UnfinishedTasks };

function answerFrom(said: Said): Result<ExecutorAnswer, string> {
  if (!said.ok) return said;
  try {
    // What is signed goes on as it is: also members that this version does not know.
    const json: unknown = JSON.parse(said.value);
    if (signedReceipt.safeParse(json).success) return ok({ receipt: json as SignedReceipt });
    const unfinished = unfinishedTasks.safeParse(json);
    return unfinished.success ? ok({ unfinished: unfinished.data }) : err('the executor printed something that is not a receipt');
  } catch {
    return err('the executor printed something that is not JSON');
  }
}

/** Hands one task to the executor, and takes its answer. Errors: why there is none; the task may then be given again. */
export async function callExecutor(executor: AgentSettings['executor'], call: ExecutorCall): Promise<Result<ExecutorAnswer, string>> {
  return answerFrom(await ('socket' in executor ? callSocket(executor.socket, call) : callProcess(executor.command, executor.settings, call)));
}
