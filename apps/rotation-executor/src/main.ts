import { carryOutTask } from './carry-out-task.js';
import { confine } from './confine.js';
import { EXECUTOR_SETTINGS_VARIABLE, loadExecutorSettings } from './executor-settings.js';
import { readTask } from './read-task.js';

const NO_RECEIPT = 2;

// One task in, one signed receipt out: nothing else is ever printed on standard output.
const ending = new AbortController();
process.on('SIGTERM', () => ending.abort('it was told to end'));
try {
  const file = process.env[EXECUTOR_SETTINGS_VARIABLE];
  const settings = await loadExecutorSettings(file);
  await confine(settings.root, { variable: EXECUTOR_SETTINGS_VARIABLE, file: file ?? '' });
  const task = await readTask(process.stdin, () => ending.abort('it was told to end'));
  process.stdout.write(`${JSON.stringify(await carryOutTask(task, settings, { stop: ending.signal }))}\n`);
} catch (cause) {
  process.stderr.write(`rotation-executor: ${cause instanceof Error ? cause.message : 'failed'}\n`);
  process.exitCode = NO_RECEIPT;
}
process.stdin.destroy();
