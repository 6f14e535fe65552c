import { stateFolder, writeStateFile } from '@mailwarden/config';
import type { Receipt } from '@mailwarden/contracts';
import { keyedHash, nearestInstant } from '@mailwarden/kernel';
import type { PlannedItem } from '../store-engine.js';
import { pruneFolder } from './prune-folder.js';

/** Lines of one list; a plan of more is cut, and its receipt says so. Units: items. */
const LINES_MAX = 200_000;
/** A plan is of its day. Units: milliseconds. */
const AGE_MS_MAX = 14 * 86_400_000;
/** All lists of a host together; the oldest give way. Units: bytes. */
const FOLDER_BYTES_MAX = 256 * 1024 * 1024;
const SUFFIX = '.jsonl';
/** Half of them are the oldest items, half the newest that would go. */
const SAMPLES_MAX = 20;

/** What of an exact list leaves the host. Privacy: names by a hash that only this host's key makes again. */
export interface ToldList {
  readonly samples: NonNullable<Receipt['samples']>;
  readonly cutAt: number | null;
}

/** Keeps the exact list of a plan on the host, for its super-user alone; the oldest first, one line of JSON each, names in base64. Errors: throws when it cannot be written. */
export function keepExactList(dir: string, order: string, list: Iterable<PlannedItem> | null, terms: { readonly hashKey: Uint8Array; readonly nowMs: number }): ToldList {
  const folder = stateFolder(dir);
  pruneFolder(folder, SUFFIX, { nowMs: terms.nowMs, ageMsMax: AGE_MS_MAX, bytesMax: FOLDER_BYTES_MAX });
  if (list === null) return { samples: [], cutAt: null };
  const lines: string[] = [];
  const first: PlannedItem[] = [];
  let last: PlannedItem[] = [];
  let items = 0;
  for (const item of list) {
    items += 1;
    if (lines.length < LINES_MAX) lines.push(`${JSON.stringify({ name: Buffer.from(item.path, 'latin1').toString('base64'), bytes: item.bytes, at: nearestInstant(item.atMs) })}\n`);
    if (first.length < SAMPLES_MAX / 2) first.push(item);
    else last.push(item);
    if (last.length > SAMPLES_MAX) last = last.slice(-SAMPLES_MAX / 2);
  }
  writeStateFile(folder, `${order}${SUFFIX}`, Buffer.from(lines.join('')));
  const samples = [...first, ...last.slice(-SAMPLES_MAX / 2)].map(({ path, bytes, atMs }) => ({ name: keyedHash(terms.hashKey, Buffer.from(path, 'latin1')), bytes, at: nearestInstant(atMs) }));
  return { samples, cutAt: items > LINES_MAX ? LINES_MAX : null };
}
