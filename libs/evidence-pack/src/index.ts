export { keptCheckpoint } from './kept-checkpoint.js';
export type { Leaf, PackLine, SignedCheckpoint } from './pack-lines.js';
export { PackSealer } from './pack-sealer.js';
export { PackVerifier } from './pack-verifier.js';
export type { DecisionReach, PackProblem, PackVerdict } from './pack-verdict.js';
