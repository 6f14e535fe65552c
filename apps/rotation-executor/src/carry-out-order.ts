import type { SignedReceipt } from '@mailwarden/contracts';
import type { StepWatch } from '@mailwarden/rotation-fs';
import { carryOutTask } from './carry-out-task.js';
import type { ExecutorSettings } from './executor-settings.js';

/** One order, from its text to its signed account; `watch` is for suites that end the process at a step. Errors: as `carryOutTask`. */
export const carryOutOrder = (text: string, settings: ExecutorSettings, watch?: StepWatch): Promise<SignedReceipt> => carryOutTask(text, settings, watch === undefined ? {} : { watch });
