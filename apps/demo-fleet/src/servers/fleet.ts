import { MX_1 } from './mx-1.js';
import { MX_2 } from './mx-2.js';
import { MX_3 } from './mx-3.js';
import { MX_4 } from './mx-4.js';
import type { ServerTruth } from './server-truth.js';

/** The mail servers of the demo, each with truths of its own. */
export const FLEET: readonly ServerTruth[] = [MX_1, MX_2, MX_3, MX_4];
