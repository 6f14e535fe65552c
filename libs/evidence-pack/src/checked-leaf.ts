import { agentSource, SIGNING_CONTEXTS, type Checkpoint } from '@mailwarden/contracts';
import { verifySignature, type PublicKeyText } from '@mailwarden/kernel';
import { verifyInclusion } from '@mailwarden/ledger';
import { leafOf } from './entry-check.js';
import type { Leaf } from './pack-lines.js';
import { isFields, type Fields } from './statement.js';

/** What a leaf says, once it is known to be in the ledger. `signed`: by its origin, and not only kept by the ledger. */
export type CheckedLeaf = { readonly ok: true; readonly data: Fields; readonly signed: boolean } | { readonly ok: false; readonly code: 'wrong-leaf' | 'wrong-signature'; readonly message: string };

/** Checks that a leaf is in the ledger at its place, and that who sent it signed it. Never throws on hostile input. */
export function checkedLeaf(leaf: Leaf, checkpoint: Checkpoint, origin: { readonly source: string; readonly key: PublicKeyText }): CheckedLeaf {
  const { document } = leaf;
  if (!isFields(document)) return { ok: false, code: 'wrong-leaf', message: 'its entry of the ledger is no document' };
  const hash = leafOf(document);
  const isIn = hash !== null && verifyInclusion({ leafHash: hash, index: leaf.index, size: checkpoint.size, proof: leaf.inclusion, rootHash: checkpoint.rootHash });
  if (!isIn) return { ok: false, code: 'wrong-leaf', message: `the ledger does not have this as its entry ${leaf.index}` };
  // Entries of the first release are what a message said, without its envelope.
  if (document['specversion'] === undefined) return { ok: true, data: document, signed: false };
  const { signature, ...unsigned } = document;
  if (document['source'] !== origin.source) return { ok: false, code: 'wrong-signature', message: `it is of ${String(document['source'])}, and would have to be of ${origin.source}` };
  if (typeof signature !== 'string' || !verifySignature(origin.key, SIGNING_CONTEXTS.envelope, unsigned, signature)) return { ok: false, code: 'wrong-signature', message: `the signature is not of ${origin.source}` };
  const { data } = document;
  return isFields(data) ? { ok: true, data, signed: true } : { ok: false, code: 'wrong-leaf', message: 'its entry of the ledger says nothing' };
}

export const originOfAgent = (server: string, key: PublicKeyText): { source: string; key: PublicKeyText } => ({ source: agentSource(server), key });
