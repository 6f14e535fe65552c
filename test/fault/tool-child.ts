import type { ProductTool } from '@mailwarden/catalogue';
import type { StepWatch } from '@mailwarden/rotation-fs';
import { QueueStore } from './queue-store.js';

/** One order on a queue whose product has a tool; whoever started this ends it while the tool works, or it ends itself at a step of the part that deletes files. */
const { place, tool, order, endAt } = JSON.parse(process.argv[2] ?? '') as { place: string; tool: ProductTool; order: string; endAt?: string };
let areFiles = false;
const watch: StepWatch = (step) => {
  areFiles ||= step === 'folder';
  if (areFiles && step === endAt) process.kill(process.pid, 'SIGKILL');
};
process.stdout.write(JSON.stringify(await new QueueStore(place).rotate(tool, order, watch)));
