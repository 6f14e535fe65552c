import type { FolderReader } from '@mailwarden/linux';
import type { RotateRequest } from '../rotate-request.js';
import { messageHeadOf } from './message-file.js';
import { momentOf } from './moment.js';
import type { WalkedFolder } from './store-walk.js';

/**
 * How old a file is by the order's clock; NaN where it has no such moment.
 * By the clock `received` a letter is as old as its topmost `Received` says, but never younger than the kernel's own word for its last change: a moment beyond that is forged.
 */
export function momentOfFile(folder: WalkedFolder, reader: FolderReader, { clock, store }: Pick<RotateRequest, 'clock' | 'store'>): number {
  const { facts, name } = reader;
  if (clock !== 'received') return momentOf(facts, clock);
  const receivedMs = store.messages ? (messageHeadOf(folder.directory, name, facts)?.receivedMs ?? null) : null;
  return receivedMs === null ? Number.NaN : Math.min(receivedMs, facts.ctimeMs);
}
