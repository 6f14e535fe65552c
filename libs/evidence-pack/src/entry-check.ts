import { serverOfSource, SIGNING_CONTEXTS, type TrustAnchors } from '@mailwarden/contracts';
import { canonicalJson, verifySignature, type PublicKeyText, type Sha256 } from '@mailwarden/kernel';
import { leafHashOfText } from '@mailwarden/ledger';
import type { KeyBook } from './key-book.js';
import type { Statement } from './statement.js';

/** Hash of a document as the ledger takes it in. Null for what JSON cannot carry, as a number without end. Never throws on hostile input. */
export function leafOf(document: unknown): Sha256 | null {
  try {
    return leafHashOfText(canonicalJson(document));
  } catch {
    return null;
  }
}

const EXECUTOR = /^mailwarden\/executor\/(.+)$/;

/** Keys that may have signed a statement; empty where nobody is known by that name. */
function keysFor({ by, at }: Statement, anchors: TrustAnchors, keys: KeyBook): readonly PublicKeyText[] {
  const executorOf = EXECUTOR.exec(by)?.[1];
  if (executorOf !== undefined) return keys.keysOf('executor', executorOf, at);
  const server = serverOfSource(by);
  if (server !== undefined) return keys.keysOf('agent', server, at);
  const service = by.replace(/^mailwarden\//, '');
  return service === 'reporting' || service === 'rotation' || service === 'consent' ? [anchors[service]] : [];
}

/** What is wrong with the signature of a statement, in words; null where it holds. Not for statements that only the ledger keeps. */
export function signatureFlaw(document: unknown, statement: Statement, anchors: TrustAnchors, keys: KeyBook): string | null {
  const candidates = keysFor(statement, anchors, keys);
  if (candidates.length === 0) return `no membership of the pack names a key of ${statement.by}`;
  const { signature, ...unsigned } = document as Readonly<Record<string, unknown>>;
  const [context, signed] = statement.form === 'receipt' ? [SIGNING_CONTEXTS.receipt, unsigned['payload']] : [SIGNING_CONTEXTS.envelope, unsigned];
  const holds = typeof signature === 'string' && candidates.some((key) => verifySignature(key, context, signed, signature));
  return holds ? null : `the signature is not of ${statement.by}`;
}
