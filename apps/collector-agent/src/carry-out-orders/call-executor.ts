import { signedReceipt, type SignedReceipt } from '@mailwarden/contracts';
import { err, ok, type Result } from '@mailwarden/kernel';
import type { AgentSettings } from '../agent-settings.js';
import type { ExecutorCall, Said } from './executor-call.js';
import { callProcess } from './executor-process.js';
import { callSocket } from './executor-socket.js';

function receiptFrom(said: Said): Result<SignedReceipt, string> {
  if (!said.ok) return said;
  try {
    // What is signed goes on as it is: also members that this version does not know.
    const json: unknown = JSON.parse(said.value);
    return signedReceipt.safeParse(json).success ? ok(json as SignedReceipt) : err('the executor printed something that is not a receipt');
  } catch {
    return err('the executor printed something that is not JSON');
  }
}

/** Hands one task to the executor, and takes its account. Errors: why there is none; the task may then be given again. */
export async function callExecutor(executor: AgentSettings['executor'], call: ExecutorCall): Promise<Result<SignedReceipt, string>> {
  return receiptFrom(await ('socket' in executor ? callSocket(executor.socket, call) : callProcess(executor.command, executor.settings, call)));
}
