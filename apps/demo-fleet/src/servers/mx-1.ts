import { QUIET, type ServerTruth } from './server-truth.js';

/** In order: every limit is kept, nobody gets in who should not, nothing is left over. */
export const MX_1: ServerTruth = { ...QUIET, name: 'mx-1', seed: 1 };
