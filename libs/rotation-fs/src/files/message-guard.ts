import type { BytePath } from '@mailwarden/inventory';
import { closeDirectory, openDirectoryBeneath, type Directory } from '@mailwarden/inventory-fs';
import { concernsStore } from '@mailwarden/rotation';
import type { RotateRequest } from '../rotate-request.js';
import { FolderCache } from './folder-cache.js';
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
  const cache = new FolderCache();
  const roots = new Map<BytePath, Directory>();
  const rootOf = (path: BytePath): Directory | null => {
    const known = roots.get(path);
    if (known !== undefined) return known;
    const opened = openDirectoryBeneath(host.root, path);
    if (!opened.ok) return null;
    roots.set(path, opened.value.directory);
    return opened.value.directory;
  };
  return {
    keeps(file) {
      const root = rootOf(file.root);
      const folder = root === null ? null : cache.open(root, file.folder);
      return isHeldMessage(folder?.ok === true ? messageHeadOf(folder.value, file.name, file) : null, held);
    },
    close() {
      cache.close();
      for (const directory of roots.values()) closeDirectory(directory);
    },
  };
}
