import type { Profile, Store } from '@mailwarden/catalogue';
import { SIGNING_CONTEXTS, signedRotationOrder, type RotationOrder } from '@mailwarden/contracts';
import { err, ok, verifySignature, type PublicKeyText, type Result, type SignedDocument } from '@mailwarden/kernel';
import { refusalOf } from '@mailwarden/rotation-fs';

/** A clock that runs so far behind the one that signed the order tells wrong ages. Units: milliseconds. */
const CLOCK_BEHIND_MS_MAX = 60_000;

/** Reads an order and checks who signed it. Errors: nothing of what is not signed by the rotation worker is used, not even its id. */
export function openOrder(text: string, rotationKey: PublicKeyText): Result<RotationOrder, string> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return err('the order is not JSON');
  }
  const parsed = signedRotationOrder.safeParse(json);
  if (!parsed.success) return err('the order has another form than this version knows');
  // The signature covers what was sent, with members that this version may not know.
  const raw = json as SignedDocument<unknown>;
  return verifySignature(rotationKey, SIGNING_CONTEXTS.order, raw.payload, parsed.data.signature) ? ok(parsed.data.payload) : err('the order is not signed by the rotation worker');
}

/** Why a well-signed order is refused here and now; null when it stands. */
export function refusalReason(order: RotationOrder, here: { server: string; profile: Profile | undefined; store: Store | undefined; nowMs: number }): string | null {
  if (order.server !== here.server) return 'the order is for another server';
  if (Date.parse(order.expiresAt) <= here.nowMs) return `the order ran out at ${order.expiresAt}`;
  if (here.nowMs < Date.parse(order.issuedAt) - CLOCK_BEHIND_MS_MAX) return 'the clock of this server runs behind that of the rotation worker';
  if (here.profile === undefined) return `the profile ${order.profile} is not known here`;
  if (here.store === undefined) return `the profile has no store ${order.store}`;
  return refusalOf(here.store);
}
