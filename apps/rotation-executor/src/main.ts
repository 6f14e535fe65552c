import { confineExecutor } from './confine.js';
import { readTask } from './read-task.js';
import { EXECUTOR_SETTINGS_VARIABLE } from './settings-variable.js';

const NO_RECEIPT = 2;
const ENDED = 'it was told to end';

// One task in, one answer out, which is a signed receipt or the list of what has none yet: nothing else is ever printed on standard output.
const ending = new AbortController();
process.on('SIGTERM', () => ending.abort(ENDED));
try {
  const file = process.env[EXECUTOR_SETTINGS_VARIABLE];
  confineExecutor(file ?? '');
  const task = readTask(process.stdin, () => ending.abort(ENDED));
  const [{ answerTask }, { loadExecutorSettings }] = await Promise.all([import('./answer-task.js'), import('./executor-settings.js')]);
  const settings = await loadExecutorSettings(file);
  process.stdout.write(`${JSON.stringify(await answerTask(await task, settings, { stop: ending.signal }))}\n`);
} catch (cause) {
  process.stderr.write(`rotation-executor: ${cause instanceof Error ? cause.message : 'failed'}\n`);
  process.exitCode = NO_RECEIPT;
}
process.stdin.destroy();
