import { spawn } from 'node:child_process';
import { signedReceipt, type SignedReceipt, type SignedRotationOrder } from '@mailwarden/contracts';
import { err, ok, type Result } from '@mailwarden/kernel';

const OUTPUT_BYTES_MAX = 65_536;
/** On top of the order's own deadline, for start, verification and the receipt. */
const GRACE_MS = 30_000;

/**
 * Starts the executor for one order: absolute command, fixed arguments, an environment with nothing but its settings file, the order on standard input.
 * Errors: why there is no receipt; the order is then delivered again.
 */
export function runExecutor(command: readonly string[], settingsFile: string, order: SignedRotationOrder): Promise<Result<SignedReceipt, string>> {
  const [program, ...args] = command;
  if (program === undefined || !program.startsWith('/')) return Promise.resolve(err('the executor command is not an absolute path'));
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      env: { MAILWARDEN_EXECUTOR_SETTINGS: settingsFile },
      stdio: ['pipe', 'pipe', 'inherit'],
      cwd: '/',
    });
    const timer = setTimeout(() => child.kill('SIGTERM'), order.payload.bounds.deadlineSeconds * 1000 + GRACE_MS);
    let output = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (chunk: string) => {
      output += chunk;
      if (output.length > OUTPUT_BYTES_MAX) child.kill('SIGTERM');
    });
    child.stdin.on('error', () => undefined); // The exit code tells: it stopped reading because it refused.
    child.on('error', (cause) => {
      clearTimeout(timer);
      resolve(err(`the executor did not start: ${cause.message}`));
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve(readReceipt(output, code ?? signal ?? 'unknown'));
    });
    child.stdin.end(JSON.stringify(order));
  });
}

function readReceipt(output: string, exit: number | string): Result<SignedReceipt, string> {
  if (exit !== 0) return err(`the executor ended with ${exit} and no receipt`);
  try {
    const parsed = signedReceipt.safeParse(JSON.parse(output));
    return parsed.success ? ok(parsed.data) : err('the executor printed something that is not a receipt');
  } catch {
    return err('the executor printed something that is not JSON');
  }
}
