export { GrowingTree } from './growing-tree.js';
export { EMPTY_ROOT, leafHash, leafHashOfText, nodeHash } from './merkle-hash.js';
export { appendLeaf, EMPTY_TREE, rootHash } from './merkle-tree.js';
export type { LeafReader, TreeState } from './merkle-tree.js';
export { HiddenRun, tilesOf } from './tiles.js';
export type { Tile } from './tiles.js';
export { consistencyProof, inclusionProof, verifyConsistency, verifyInclusion } from './proof.js';
