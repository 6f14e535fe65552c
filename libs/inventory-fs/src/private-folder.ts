import type { BytePath } from '@mailwarden/inventory';

/**
 * Folders with this beginning and an order's id are the executor's own, for entries on their way out. Nothing else hides behind the name: no file, no folder that others may enter,
 * and none of another account than root and the running one, as the product's, that would keep in it what it does not want to lose.
 */
export const PRIVATE_FOLDER_PREFIX = '.mailwarden-';
const ORDER_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const ROOT = 0;

/** Whether a folder of this name, owner and mode is the executor's own. */
export const isPrivateFolder = (name: BytePath, { uid, mode }: { readonly uid: number; readonly mode: number }): boolean =>
  name.startsWith(PRIVATE_FOLDER_PREFIX) && ORDER_ID.test(name.slice(PRIVATE_FOLDER_PREFIX.length)) && (mode & 0o077) === 0 && (uid === ROOT || uid === process.geteuid?.());
