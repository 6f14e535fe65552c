import type { Checkpoint } from '@mailwarden/contracts';
import { rootHash, tilesOf, verifyConsistency, type Tile, type TreeState } from '@mailwarden/ledger';
import { consistencyFromNodes, nodesForConsistency } from './tree-nodes.js';

type HashesOf = (wanted: readonly Tile[]) => Promise<Parameters<typeof consistencyFromNodes>[2]>;

/** Why a tree does not go on from a head that others have heard of, in words; null where it does. */
export async function continuityFlaw(witnessed: Checkpoint, head: TreeState, hashesOf: HashesOf): Promise<string | null> {
  const { size, rootHash: oldRoot, at } = witnessed;
  if (head.size < size) return `it has ${head.size} entries, and had ${size} at ${at}`;
  // Where both are as large, there is nothing to prove but that they are the same; the stored subtrees must give that root as well.
  const nodes = size === head.size ? tilesOf(0, size) : nodesForConsistency(size, head.size);
  const hashOf = await hashesOf(nodes);
  try {
    const newRoot = size === head.size ? rootHash({ size, peaks: nodes.map(({ level, index }) => hashOf(level, index) ?? ('' as never)) }) : rootHash(head);
    const proof = consistencyFromNodes(size, head.size, hashOf);
    if (newRoot === rootHash(head) && verifyConsistency({ oldSize: size, newSize: head.size, oldRoot, newRoot, proof })) return null;
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
  }
  return `its first ${size} entries are not those that were signed at ${at}`;
}
