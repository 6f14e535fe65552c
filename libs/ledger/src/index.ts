export { EMPTY_ROOT, leafHash, nodeHash } from './merkle-hash.js';
export { appendLeaf, EMPTY_TREE, rootHash } from './merkle-tree.js';
export type { LeafReader, TreeState } from './merkle-tree.js';
export { consistencyProof, inclusionProof, verifyConsistency, verifyInclusion } from './proof.js';
