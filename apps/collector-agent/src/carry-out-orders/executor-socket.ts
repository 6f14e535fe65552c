import { connect } from 'node:net';
import { err, ok } from '@mailwarden/kernel';
import { END_MS_MAX, OUTPUT_MAX, type ExecutorCall, type Said } from './executor-call.js';

/**
 * Calls the executor where systemd waits for the agent and starts one, as root, for each caller: the agent itself may start nothing with more rights than its own.
 * It is told to end by a line that says so, and then still gives its account.
 */
export function callSocket(path: string, { task, endAfterMs, stop }: ExecutorCall): Promise<Said> {
  return new Promise((resolve) => {
    const socket = connect(path);
    let killer: NodeJS.Timeout | undefined;
    const end = (): void => {
      socket.write('stop\n');
      killer ??= setTimeout(() => socket.destroy(new Error('it gave no account in time')), END_MS_MAX);
    };
    const timer = setTimeout(end, endAfterMs);
    stop.addEventListener('abort', end, { once: true });
    let output = '';
    let trouble: Error | null = null;
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      output += chunk;
      if (output.length > OUTPUT_MAX) socket.destroy(new Error('it said more than an account'));
    });
    socket.on('error', (cause) => (trouble = cause));
    socket.on('close', () => {
      clearTimeout(timer);
      clearTimeout(killer);
      stop.removeEventListener('abort', end);
      resolve(trouble !== null ? err(`the executor could not be asked: ${trouble.message}`) : output === '' ? err('the executor ended with no receipt') : ok(output));
    });
    socket.write(`${JSON.stringify(task)}\n`);
  });
}
