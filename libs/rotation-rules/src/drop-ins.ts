import type { ConfigSource } from './config-source.js';

/** Configuration files of systemd's folders, in the order in which they count: by name, and of one name the one of the first folder. Source: systemd.unit(5), tmpfiles.d(5). */
export function dropIns(config: ConfigSource, folders: readonly string[]): string[] {
  const paths = new Map<string, string>();
  for (const folder of folders) for (const name of config.entries(folder)) if (name.endsWith('.conf') && !paths.has(name)) paths.set(name, `${folder}/${name}`);
  return [...paths].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
}

/** Folders of a kind of configuration, the one that counts first. */
export const foldersOf = (name: string): string[] => ['/etc', '/run', '/usr/local/lib', '/usr/lib'].map((folder) => `${folder}/${name}`);
