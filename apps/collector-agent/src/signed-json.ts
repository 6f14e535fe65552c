import { openSigned } from '@mailwarden/contracts';
import { err, ok, type Result, type SignedDocument } from '@mailwarden/kernel';

const WHY_NOT = { form: 'it has another form than this version knows', signature: 'its signature is not of the service that may issue it' } as const;

/**
 * Reads a signed document that arrived from the bus or from disk.
 * Errors: what failed, in words for the log; nothing of an unverified document is used.
 */
export function openSignedJson<T extends SignedDocument<unknown>>(bytes: Uint8Array, expected: Parameters<typeof openSigned<T>>[1]): Result<T['payload'], string> {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return err('it is not JSON');
  }
  const opened = openSigned(json, expected);
  return opened.ok ? ok(opened.value.payload) : err(WHY_NOT[opened.error]);
}
