import { concernsStore } from '@mailwarden/rotation';
import type { RotateRequest } from '../rotate-request.js';
import { FileFolders } from './file-folders.js';
import type { PlannedFile } from './item-window.js';
import { heldMessages, isHeldMessage, messageHeadOf } from './message-file.js';

/** Asks single files, once the limits want them, whether they are letters that a hold names. */
export interface MessageGuard {
  keeps(file: PlannedFile): boolean;
  close(): void;
}

const KEEPS_NOTHING: MessageGuard = { keeps: () => false, close: () => undefined };

/** The guard of an order. Safety: a letter that cannot be read is kept, since it may be the one. Only for stores whose files are one message each: elsewhere such a hold keeps the whole of its span. */
export function messageGuardFor({ host, profile, store, holds }: Pick<RotateRequest, 'host' | 'profile' | 'store' | 'holds'>): MessageGuard {
  const held = heldMessages(holds.filter((hold) => concernsStore(hold, profile.id, store.id)));
  if (!store.messages || held.size === 0) return KEEPS_NOTHING;
  const folders = new FileFolders(host);
  return {
    keeps(file) {
      const folder = folders.of(file);
      return isHeldMessage(folder === null ? null : messageHeadOf(folder, file.name, file), held);
    },
    close: () => folders.close(),
  };
}
