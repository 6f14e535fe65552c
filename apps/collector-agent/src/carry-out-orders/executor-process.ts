import { spawn } from 'node:child_process';
import { err, ok } from '@mailwarden/kernel';
import { END_MS_MAX, OUTPUT_MAX, type ExecutorCall, type Said } from './executor-call.js';

/**
 * Starts the executor for one task: absolute command, fixed arguments, an environment with nothing but its settings file, the task on standard input.
 * It is told to end by SIGTERM, and then still gives its account.
 */
export function callProcess(command: readonly string[], settingsFile: string, { task, endAfterMs, stop }: ExecutorCall): Promise<Said> {
  const [program, ...args] = command;
  if (program === undefined || !program.startsWith('/')) return Promise.resolve(err('the executor command is not an absolute path'));
  return new Promise((resolve) => {
    const child = spawn(program, args, { env: { MAILWARDEN_EXECUTOR_SETTINGS: settingsFile }, stdio: ['pipe', 'pipe', 'inherit'], cwd: '/' });
    let killer: NodeJS.Timeout | undefined;
    const end = (): void => {
      child.kill('SIGTERM');
      killer ??= setTimeout(() => child.kill('SIGKILL'), END_MS_MAX);
    };
    const timer = setTimeout(end, endAfterMs);
    stop.addEventListener('abort', end, { once: true });
    const done = (said: Said): void => {
      clearTimeout(timer);
      clearTimeout(killer);
      stop.removeEventListener('abort', end);
      resolve(said);
    };
    let output = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (chunk: string) => {
      output += chunk;
      if (output.length > OUTPUT_MAX) child.kill('SIGKILL');
    });
    child.stdin.on('error', () => undefined); // The exit code tells: it stopped reading because it refused.
    child.on('error', (cause) => done(err(`the executor did not start: ${cause.message}`)));
    child.on('close', (code, signal) => done(code === 0 ? ok(output) : err(`the executor ended with ${code ?? signal ?? 'unknown'} and no receipt`)));
    child.stdin.end(`${JSON.stringify(task)}\n`);
  });
}
