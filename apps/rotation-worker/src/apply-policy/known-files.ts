import type { DataSource } from 'typeorm';
import { NO_POLICIES_FILE, type FolderLook } from './policy-files.js';

const NAMES_TOLD_MAX = 5;

/** The policy files that the folder was last seen with, kept in the database so that a start without them is noticed. */
export class KnownFiles {
  #last: FolderLook | null = null;

  constructor(private readonly dataSource: Pick<DataSource, 'query'>) {}

  /**
   * Why the folder is not to be believed when it has no policies; null when it is. What is believed is remembered.
   * Safety: a disk that is not mounted, or a folder that was renamed, says nothing about holds. Files that somebody removed from the very folder that had them, while this worker watched, are meant to be gone.
   */
  async whyAway(look: FolderLook, dir: string): Promise<string | null> {
    const known = await this.#known();
    if (look.names.length === 0 && known.length > 0 && !look.isMarkedEmpty && !this.#isSameFolder(look)) return whyWords(look, known, dir);
    this.#last = look;
    if (known.join('\n') !== look.names.join('\n')) await this.dataSource.query(`INSERT INTO rotation.policy_folder (files) VALUES ($1) ON CONFLICT (one) DO UPDATE SET files = excluded.files`, [look.names]);
    return null;
  }

  #isSameFolder({ identity }: FolderLook): boolean {
    return identity !== null && identity === this.#last?.identity;
  }

  async #known(): Promise<readonly string[]> {
    const [row] = await this.dataSource.query<{ files?: string[] }[]>(`SELECT files FROM rotation.policy_folder`);
    return row?.files ?? this.#last?.names ?? [];
  }
}

function whyWords({ identity }: FolderLook, known: readonly string[], dir: string): string {
  const told = known.slice(0, NAMES_TOLD_MAX).join(', ') + (known.length > NAMES_TOLD_MAX ? ' and more' : '');
  return `the policy folder ${dir} ${identity === null ? 'is not there' : 'is empty'}, and had ${told}: what was held stays held; bring the folder back, or put an empty file ${NO_POLICIES_FILE} into it when it is meant to have none`.slice(0, 500);
}
