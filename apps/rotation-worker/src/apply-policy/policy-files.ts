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

async function namesIn(dir: string): Promise<string[]> {
  try {
    return (await readdir(dir)).filter(isPolicy).sort();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw cause;
  }
}

export async function policyFolderMark(dir: string): Promise<string> {
  const marks = await Promise.all(
    (await namesIn(dir)).map(async (name) => {
      const { mtimeMs, size, ino } = await stat(join(dir, name));
      return `${name} ${mtimeMs} ${size} ${ino}`;
    }),
  );
  return marks.join('\n');
}

/** Reads every policy file. A file with a mistake is left out whole and told of; the others stand. */
export async function readPolicyFolder(dir: string): Promise<PolicyFolder> {
  const mark = await policyFolderMark(dir);
  const policies: (Policy & { text: string })[] = [];
  const problems: { file: string; line: number; path: string; message: string }[] = [];
  for (const file of await namesIn(dir)) {
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
