import { confineExecutor } from './confine.js';
import { readTask } from './read-task.js';
import { EXECUTOR_SETTINGS_VARIABLE } from './settings-variable.js';

const NO_RECEIPT = 2;
const ENDED = 'it was told to end';

// One task in, one signed receipt out: nothing else is ever printed on standard output.
const ending = new AbortController();
process.on('SIGTERM', () => ending.abort(ENDED));
try {
  const file = process.env[EXECUTOR_SETTINGS_VARIABLE];
  confineExecutor(file ?? '');
  const task = readTask(process.stdin, () => ending.abort(ENDED));
  const [{ carryOutTask }, { loadExecutorSettings }] = await Promise.all([import('./carry-out-task.js'), import('./executor-settings.js')]);
  const settings = await loadExecutorSettings(file);
  process.stdout.write(`${JSON.stringify(await carryOutTask(await task, settings, { stop: ending.signal }))}\n`);
} catch (cause) {
  process.stderr.write(`rotation-executor: ${cause instanceof Error ? cause.message : 'failed'}\n`);
  process.exitCode = NO_RECEIPT;
}
process.stdin.destroy();
