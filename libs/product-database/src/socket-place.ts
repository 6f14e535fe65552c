import { closeSync } from 'node:fs';
import type { Result } from '@mailwarden/kernel';
import { entryOf, openFolderOf } from './beneath.js';
import type { DatabaseHost } from './relation-reader.js';

/**
 * Uses a socket that a profile names. On this host's own root it is named by its path, whose links are the system's own, as `/var/run`.
 * Below any other root it is reached by descriptor: a link there would lead to a server of this host, which is another one. Errors: why it cannot be reached.
 */
export async function withSocket<T>({ root, rootPath }: DatabaseHost, socket: string, use: (path: string) => Promise<Result<T, string>>): Promise<Result<T, string>> {
  if (rootPath === '/') return use(socket);
  const place = openFolderOf(root, socket);
  if (!place.ok) return place;
  try {
    return await use(entryOf(place.value));
  } finally {
    closeSync(place.value.folderFd);
  }
}

