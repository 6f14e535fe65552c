import { readFileSync } from 'node:fs';
import type { StepWatch } from '@mailwarden/rotation-fs';
import { carryOutOrder } from '../../apps/rotation-executor/src/carry-out-order.js';
import { loadExecutorSettings } from '../../apps/rotation-executor/src/executor-settings.js';

/** The executor, which ends as by a power cut when it comes to a step for the n-th time. */
const [settingsFile, orderFile, step, times] = process.argv.slice(2);
let left = Number(times ?? 0);
const watch: StepWatch = (at) => {
  if (at === step && (left -= 1) === 0) process.kill(process.pid, 'SIGKILL');
};
const settings = await loadExecutorSettings(settingsFile);
process.stdout.write(JSON.stringify(await carryOutOrder(readFileSync(orderFile ?? '', 'utf8'), settings, watch)));
