export { packSeal } from './pack-lines.js';
export type { DecisionLine, Leaf, ManifestLine, PackLine, ServerLine, TextLine } from './pack-lines.js';
export { PackSealer } from './pack-sealer.js';
export { PackVerifier } from './pack-verifier.js';
export type { DecisionReach, PackProblem, PackVerdict } from './pack-verdict.js';
