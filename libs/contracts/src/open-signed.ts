import { canonicalJson, err, ok, verifySignature, type PublicKeyText, type Result, type SignedDocument } from '@mailwarden/kernel';
import type { z } from 'zod';

/** A document whose signature was checked, and whether this version understands all of it. */
export interface Opened<T> {
  readonly payload: T;
  /** False where members are signed that this version does not know: what it permits is then not known either. */
  readonly isUnderstood: boolean;
  readonly document: SignedDocument<unknown>;
}

/**
 * Checks who signed a document. The signature covers what was sent, with members that this version may not know.
 * Errors: `form` where it is another thing, `signature` where somebody else signed it; nothing of an unverified document is used, not even its id.
 */
export function openSigned<T extends SignedDocument<unknown>>(raw: unknown, expected: { readonly schema: z.ZodType<T>; readonly context: string; readonly publicKey: PublicKeyText }): Result<Opened<T['payload']>, 'form' | 'signature'> {
  const parsed = expected.schema.safeParse(raw);
  if (!parsed.success) return err('form');
  const document = raw as SignedDocument<unknown>;
  if (!verifySignature(expected.publicKey, expected.context, document.payload, parsed.data.signature)) return err('signature');
  return ok({ payload: parsed.data.payload, isUnderstood: canonicalJson(parsed.data.payload) === canonicalJson(document.payload), document });
}
