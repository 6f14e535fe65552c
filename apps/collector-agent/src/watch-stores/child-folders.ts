import { ENTRY_TYPES, FolderReader } from '@mailwarden/linux';
import type { Directory } from '@mailwarden/inventory-fs';
import type { BytePath } from '@mailwarden/inventory';

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/**
 * Names of an open folder's own folders. Files are passed over without a look at them, so that a folder with a million of them costs little; other work gets its turn meanwhile.
 * A file system that does not tell what an entry is has every entry named: opening it as a folder tells.
 * No more than `namesMax`, whoever made them. Errors: throws with the kernel's name of the error as `code`.
 */
export async function childFolders(directory: Pick<Directory, 'fd'>, namesMax: number): Promise<BytePath[]> {
  const reader = new FolderReader();
  reader.begin(directory.fd);
  const names: BytePath[] = [];
  while (names.length < namesMax && reader.fetch() > 0) {
    while (names.length < namesMax && reader.next()) if (reader.type === ENTRY_TYPES.folder || reader.type === ENTRY_TYPES.unknown) names.push(reader.name);
    await turn();
  }
  return names;
}
