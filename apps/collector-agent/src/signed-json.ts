import { err, ok, verifySignature, type PublicKeyText, type Result, type SignedDocument } from '@mailwarden/kernel';
import type { z } from 'zod';

/**
 * Reads a signed document that arrived from the bus or from disk.
 * Errors: what failed, in words for the log; nothing of an unverified document is used.
 */
export function openSigned<T extends SignedDocument<unknown>>(
  bytes: Uint8Array,
  expected: { schema: z.ZodType<T>; context: string; publicKey: PublicKeyText },
): Result<T['payload'], string> {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return err('it is not JSON');
  }
  const parsed = expected.schema.safeParse(json);
  if (!parsed.success) return err('it has another form than this version knows');
  // The signature covers what was sent, with members that this version may not know.
  const raw = json as SignedDocument<unknown>;
  if (!verifySignature(expected.publicKey, expected.context, raw.payload, parsed.data.signature)) return err('its signature is not of the service that may issue it');
  return ok(parsed.data.payload);
}
