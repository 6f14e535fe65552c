import { createHash } from 'node:crypto';
import { dropStateFile, readStateFile, stateFolder, writeStateFile } from '@mailwarden/config';
import { err, ok, type Result } from '@mailwarden/kernel';
import type { OrderFacts } from '../outcome.js';
import type { MarkedItems } from '../rotate-request.js';
import type { PlannedItem } from '../store-engine.js';
import { DigestList, DIGEST_BYTES, markDigest } from './marked-digests.js';
import { pruneFolder } from './prune-folder.js';

/** Items that one order may mark. What is more is marked by the next one, when these are gone. */
export const MARKED_ITEMS_MAX = 1_000_000;
const HEAD_BYTES_MAX = 4_096;
/** Marks that nobody took up for so long are of a policy that was changed or released. Units: milliseconds. */
const AGE_MS_MAX = 400 * 86_400_000;
/** All marks of a host together; the oldest give way. Units: bytes. */
const FOLDER_BYTES_MAX = 512 * 1024 * 1024;
const SUFFIX = '.marks';

/** The first line of a file of marks: what they are of. */
interface Head {
  readonly schema: 'mailwarden/marks/v1';
  readonly order: string;
  readonly server: string;
  readonly profile: string;
  readonly store: string;
  readonly policy: string;
  readonly items: number;
  readonly newestMs: number | null;
  /** Of what follows the first line. */
  readonly sha256: string;
}

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Notes the items that a later order may delete, on disk before this returns. Returns how many there are. Errors: throws when they cannot be written. */
export function writeMarks(dir: string, order: OrderFacts, planned: { readonly list: Iterable<PlannedItem> | null; readonly newestMs: number | null }, key: { readonly hashKey: Uint8Array; readonly nowMs: number }): number {
  const folder = stateFolder(dir);
  pruneFolder(folder, SUFFIX, { nowMs: key.nowMs, ageMsMax: AGE_MS_MAX, bytesMax: FOLDER_BYTES_MAX });
  const digests: Buffer[] = [];
  for (const { path, identity } of planned.list ?? []) digests.push(markDigest(key.hashKey, path, identity));
  const { bytes } = DigestList.of(digests);
  const { id, server, profile, store, policy } = order;
  const told: Head = { schema: 'mailwarden/marks/v1', order: id, server, profile, store, policy: policy.name, items: digests.length, newestMs: planned.newestMs, sha256: sha256Of(bytes) };
  writeStateFile(folder, `${id}${SUFFIX}`, Buffer.from(`${JSON.stringify(told)}\n`), bytes);
  return digests.length;
}

/** Null for what is no file of marks, or no longer the one that was written. */
function parsed(bytes: Buffer): { readonly head: Partial<Head>; readonly body: Buffer } | null {
  const end = bytes.indexOf('\n');
  try {
    const head = JSON.parse(bytes.toString('utf8', 0, Math.max(0, end))) as Partial<Head> | null;
    const body = bytes.subarray(end + 1);
    return head?.schema === 'mailwarden/marks/v1' && head.sha256 === sha256Of(body) && head.items === body.length / DIGEST_BYTES ? { head, body } : null;
  } catch {
    return null;
  }
}

/**
 * What an earlier order marked on this store for this policy.
 * Errors: why nothing may go. Safety: marks that are missing, damaged, or of another store permit nothing.
 */
export function readMarks(dir: string, mark: string, order: OrderFacts, hashKey: Uint8Array): Result<MarkedItems, string> {
  const bytes = readStateFile(stateFolder(dir), `${mark}${SUFFIX}`, HEAD_BYTES_MAX + MARKED_ITEMS_MAX * DIGEST_BYTES);
  if (bytes === null) return err(`what the order ${mark} marked is not on this host, so nothing may go; let the policy mark it anew`);
  const marks = parsed(bytes);
  if (marks === null) return err(`what the order ${mark} marked cannot be read any more, so nothing may go; let the policy mark it anew`);
  const { head, body } = marks;
  if (head.order !== mark || head.server !== order.server || head.profile !== order.profile || head.store !== order.store || head.policy !== order.policy.name) return err(`the order ${mark} marked another store or for another policy, so nothing may go`);
  const list = new DigestList(body);
  return ok({ newestMs: head.newestMs ?? null, has: (path, identity) => list.has(markDigest(hashKey, path, identity)) });
}

/** Marks that were used up: what was to go has gone. */
export const dropMarks = (dir: string, mark: string): void => dropStateFile(dir, `${mark}${SUFFIX}`);
