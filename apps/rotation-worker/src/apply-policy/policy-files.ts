import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parsePolicies, type Policy } from '@mailwarden/policy';

/** What the policy folder says, and what in it cannot be used. */
export interface PolicyFolder {
  readonly policies: readonly (Policy & { readonly text: string })[];
  readonly problems: readonly { readonly file: string; readonly line: number; readonly path: string; readonly message: string }[];
  /** Changes whenever a file was written, added or removed. */
  readonly mark: string;
}

const isPolicy = (name: string): boolean => /^[^.].*\.ya?ml$/.test(name);
/** Says that a folder without policies is meant to be one. */
export const NO_POLICIES_FILE = 'no-policies';

/** What lies in the folder, without what it says. */
export interface FolderLook {
  readonly names: readonly string[];
  /** By what the folder is known again; null where there is none. */
  readonly identity: string | null;
  readonly isMarkedEmpty: boolean;
  /** Changes whenever a file was written, added or removed, or another folder lies there. */
  readonly mark: string;
}

const NOT_THERE: FolderLook = { names: [], identity: null, isMarkedEmpty: false, mark: 'not there' };

async function markOf(dir: string, name: string): Promise<string> {
  const { mtimeMs, size, ino } = await stat(join(dir, name));
  return `${name} ${mtimeMs} ${size} ${ino}`;
}

/** Null where no folder is there. */
async function folderAt(dir: string): Promise<string | null> {
  try {
    const { dev, ino, birthtimeMs } = await stat(dir);
    return `${dev} ${ino} ${birthtimeMs}`;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw cause;
  }
}

/** Errors: throws when it cannot be read, also where a file goes meanwhile: the next look tells. */
export async function lookAtFolder(dir: string): Promise<FolderLook> {
  const identity = await folderAt(dir);
  if (identity === null) return NOT_THERE;
  const found = await readdir(dir);
  // A disk that goes between the two would leave an empty folder under the identity of the one before.
  if ((await folderAt(dir)) !== identity) throw new Error(`${dir} was changed for another folder while it was read`);
  const names = found.filter(isPolicy).sort();
  const isMarkedEmpty = found.includes(NO_POLICIES_FILE);
  return { names, identity, isMarkedEmpty, mark: [identity, String(isMarkedEmpty), ...(await Promise.all(names.map((name) => markOf(dir, name))))].join('\n') };
}

/** Reads every policy file. A file with a mistake is left out whole and told of; the others stand. */
export async function readPolicyFolder(dir: string, { names, mark }: FolderLook): Promise<PolicyFolder> {
  const policies: (Policy & { text: string })[] = [];
  const problems: { file: string; line: number; path: string; message: string }[] = [];
  for (const file of names) {
    const text = await readFile(join(dir, file), 'utf8');
    const parsed = parsePolicies(text);
    if (!parsed.ok) problems.push(...parsed.error.map(({ line, path, message }) => ({ file, line, path, message: message.slice(0, 500) })));
    else {
      for (const policy of parsed.value) {
        if (policies.some(({ name }) => name === policy.name)) problems.push({ file, line: 1, path: 'name', message: `another file has a policy called ${policy.name}; this one is left out` });
        else policies.push({ ...policy, text });
      }
    }
  }
  return { policies, problems, mark };
}
