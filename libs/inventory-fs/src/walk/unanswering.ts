import type { Worker } from 'node:worker_threads';
import { endProcess } from '@mailwarden/linux';
import type { BytePath } from '@mailwarden/inventory';

/** Threads that wait in the kernel for storage that does not answer, by the place that they wait for. Nothing can end such a thread but the answer. */
const waiting = new Map<BytePath, Worker>();
let endsHard = false;

/** True for a place that an earlier scan waited for in vain, and that has not answered since: trying it again would cost another thread. */
export const isUnanswered = (path: BytePath): boolean => waiting.has(path);

/** Lets a thread be that waits for these places. When it comes back, it ends. */
export function abandon(thread: Worker, paths: readonly BytePath[]): void {
  for (const path of paths) waiting.set(path, thread);
  const back = (): void => {
    for (const path of paths) if (waiting.get(path) === thread) waiting.delete(path);
  };
  thread.removeAllListeners();
  thread.once('message', () => {
    back();
    void thread.terminate();
  });
  thread.once('exit', back);
  thread.on('error', back);
  thread.unref();
  if (endsHard) return;
  endsHard = true;
  // Node waits for its threads when it ends, for ever if one of them waits for ever.
  process.on('exit', (code) => {
    if (waiting.size > 0) endProcess(code);
  });
}
