import { readFile } from 'node:fs/promises';
import { loadHostSettings, loadProfiles, loadTrust } from '@mailwarden/config';
import { fullOrder, SIGNING_CONTEXTS, type Receipt, type RotationOrder, type SignedReceipt } from '@mailwarden/contracts';
import { loadSigner } from '@mailwarden/identity';
import { resolveOnHost, withHost } from '@mailwarden/inventory-fs';
import { signDocument } from '@mailwarden/kernel';
import { refusedReceipt, refuseOrder, rotateStore, type ApplyRequest, type StepWatch } from '@mailwarden/rotation-fs';
import type { ExecutorSettings } from './executor-settings.js';
import { openOrder, refusalReason } from './verify-order.js';

async function receiptFor(order: RotationOrder, settings: ExecutorSettings, watch?: StepWatch): Promise<Receipt> {
  // Not even a journal is kept of what is meant for another server.
  if (order.server !== settings.server) return refusedReceipt(order, 'the order is for another server', Date.now());
  const [extraDir] = settings.profileDirs;
  const shipped = (await loadProfiles(extraDir === undefined ? {} : { extraDir })).get(order.profile);
  const hashKey = await readFile(settings.hashKeyFile);
  return withHost(settings.root, await loadHostSettings(settings.root), async (host) => {
    const profile = shipped === undefined ? undefined : await resolveOnHost(host, shipped);
    const store = profile?.stores.find((candidate) => candidate.id === order.store);
    const { watermarks, clock, keep, bounds, holds, exclude, overwrite, orphans, pace } = fullOrder(order);
    const { journalDir } = settings;
    const request: ApplyRequest | null = profile === undefined || store === undefined ? null : { host, profile, store, watermarks, clock, keep, bounds, holds, exclude, overwrite, orphans, pace, marked: null, stop: null, issuedAtMs: Date.parse(order.issuedAt), hashKey, now: Date.now, journalDir, ...(watch === undefined ? {} : { watch }) };
    const refusal = refusalReason(order, { server: settings.server, profile, store, nowMs: Date.now() });
    if (refusal !== null || request === null) return refuseOrder({ journalDir, now: Date.now, request }, order, refusal ?? 'the order cannot be understood here');
    return rotateStore(request, order);
  });
}

/**
 * One order, from its text to its signed account.
 * Errors: throws when no account can be given: the order is not signed by the worker, or nothing could be written or reached; then nothing was deleted that the journal does not tell of.
 */
export async function carryOutOrder(text: string, settings: ExecutorSettings, watch?: StepWatch): Promise<SignedReceipt> {
  const trust = await loadTrust(settings.trust);
  const signer = await loadSigner(settings.signingKey);
  const order = openOrder(text, trust.rotation);
  if (!order.ok) throw new Error(order.error);
  return signDocument(signer, SIGNING_CONTEXTS.receipt, await receiptFor(order.value, settings, watch)) as SignedReceipt;
}
