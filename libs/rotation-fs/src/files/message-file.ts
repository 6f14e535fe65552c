import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { Store } from '@mailwarden/catalogue';
import { messageDigest, type Hold } from '@mailwarden/contracts';
import type { BytePath } from '@mailwarden/inventory';
import { entryPath, type Directory } from '@mailwarden/inventory-fs';
import type { Sha256 } from '@mailwarden/kernel';
import { readMessageHead, type MessageHead } from '@mailwarden/rotation';

/** Headers are read so far; what is longer is not understood. Units: bytes. */
const HEAD_BYTES_MAX = 256 * 1024;
/** Reading leaves no trace in the file's own times. Source: open(2). */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOATIME;

const buffer = Buffer.alloc(HEAD_BYTES_MAX);

/** The beginning of one file of an open folder; null where it cannot be read or is not the file that was seen. */
export function messageHeadOf(folder: Pick<Directory, 'fd'>, name: BytePath, seen: { readonly dev: number; readonly ino: number }): MessageHead | null {
  let fd: number;
  try {
    fd = openSync(entryPath(folder, name), FLAGS);
  } catch {
    return null;
  }
  try {
    const { dev, ino } = fstatSync(fd);
    return dev === seen.dev && ino === seen.ino ? readMessageHead(headIn(fd)) : null;
  } catch {
    return null;
  } finally {
    closeSync(fd);
  }
}

/** In pieces: most headers end within the first. */
function headIn(fd: number): string {
  const piece = 8_192;
  let length = 0;
  for (;;) {
    const read = readSync(fd, buffer, length, Math.min(piece, HEAD_BYTES_MAX - length), length);
    length += read;
    const text = buffer.toString('latin1', 0, length);
    // A message that is nothing but headers ends with the file.
    if (read === 0) return length < HEAD_BYTES_MAX ? `${text}\n\n` : text;
    if (/\n\r?\n/.test(text) || length === HEAD_BYTES_MAX) return text;
  }
}

/** Names of single messages that holds keep. */
export const heldMessages = (holds: readonly Hold[]): ReadonlySet<Sha256> => new Set(holds.flatMap((hold) => hold.messages ?? []));

/** Holds that keep whatever lies in their span. Single messages are told by what they say of themselves; where files do not tell, the whole span stays. */
export const spanHolds = (holds: readonly Hold[], { messages }: Pick<Store, 'messages'>): readonly Hold[] => (messages ? holds.filter((hold) => (hold.messages ?? []).length === 0) : holds);

/** True when a hold of single messages keeps this one. What cannot be read to the end of its headers may be any of them, and is kept. */
export const isHeldMessage = (head: MessageHead | null, held: ReadonlySet<Sha256>): boolean => held.size > 0 && (head === null || !head.complete || head.messageIds.some((id) => held.has(messageDigest(id))));
