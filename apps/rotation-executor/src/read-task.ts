import type { Readable } from 'node:stream';

/** An order of a thousand holds and a bundle of two thousand rules. A larger task is none of ours. Units: bytes. */
const TASK_BYTES_MAX = 6_000_000;
/** Said on a line of its own, after the task, by whoever cannot send a signal. */
const STOP = 'stop';

/**
 * Reads one task: the first line, or everything where no line ends. What follows can only be the word to stop.
 * Errors: rejects when it is larger than a task can be.
 */
export function readTask(input: Readable, onStop: () => void): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    let bytes = 0;
    let isTaken = false;
    const take = (end: number): void => {
      isTaken = true;
      resolve(text.slice(0, end));
      text = text.slice(end + 1);
    };
    input.setEncoding('utf8');
    input.on('data', (chunk: string) => {
      bytes += Buffer.byteLength(chunk);
      if (bytes > TASK_BYTES_MAX) return input.destroy(new Error(`the task has more than ${TASK_BYTES_MAX} bytes`));
      text += chunk;
      const end = isTaken ? -1 : text.indexOf('\n');
      if (end >= 0) take(end);
      if (isTaken && text.trim() === STOP) onStop();
      return undefined;
    });
    input.on('error', reject);
    input.on('end', () => (isTaken ? undefined : take(text.length)));
  });
}
