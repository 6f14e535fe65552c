import { readFile } from 'node:fs/promises';
import { loadHostSettings, loadProfiles, loadTrust } from '@mailwarden/config';
import { SIGNING_CONTEXTS, type Receipt, type RotationOrder, type SignedReceipt } from '@mailwarden/contracts';
import { loadSigner } from '@mailwarden/identity';
import { resolveOnHost, withHost } from '@mailwarden/inventory-fs';
import { signDocument } from '@mailwarden/kernel';
import { refusedReceipt, rotateStore } from '@mailwarden/rotation-fs';
import type { ExecutorSettings } from './executor-settings.js';
import { openOrder, refusalReason } from './verify-order.js';

async function receiptFor(order: RotationOrder, settings: ExecutorSettings): Promise<Receipt> {
  const [extraDir] = settings.profileDirs;
  const shipped = (await loadProfiles(extraDir === undefined ? {} : { extraDir })).get(order.profile);
  const hashKey = await readFile(settings.hashKeyFile);
  return withHost(settings.root, await loadHostSettings(settings.root), async (host) => {
    const profile = shipped === undefined ? undefined : await resolveOnHost(host, shipped);
    const store = profile?.stores.find((candidate) => candidate.id === order.store);
    const refusal = refusalReason(order, { server: settings.server, profile, store, nowMs: Date.now() });
    if (refusal !== null || profile === undefined || store === undefined) return refusedReceipt(order, refusal ?? 'the order cannot be understood here', Date.now());
    return rotateStore(
      { host, profile, store, watermarks: order.watermarks, keep: order.keep, bounds: order.bounds, holds: order.holds, hashKey, now: Date.now, order: order.id, journalDir: settings.journalDir },
      order,
    );
  });
}

/**
 * One order, from its text to its signed account.
 * Errors: throws when no account can be given: the order is not signed by the worker, or nothing could be written or reached; then nothing was deleted that the journal does not tell of.
 */
export async function carryOutOrder(text: string, settings: ExecutorSettings): Promise<SignedReceipt> {
  const trust = await loadTrust(settings.trust);
  const signer = await loadSigner(settings.signingKey);
  const order = openOrder(text, trust.rotation);
  if (!order.ok) throw new Error(order.error);
  return signDocument(signer, SIGNING_CONTEXTS.receipt, await receiptFor(order.value, settings)) as SignedReceipt;
}
