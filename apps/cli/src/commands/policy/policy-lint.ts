import type { Profile } from '@mailwarden/catalogue';
import { loadProfiles } from '@mailwarden/config';
import { parsePolicies, type Policy } from '@mailwarden/policy';
import { EXIT, type ExitCode } from '../../failure.js';
import { printJson, printLines, type CommandContext } from '../context.js';
import { mistakeLine, readDocuments, type NamedDocument } from './read-documents.js';

interface Read {
  readonly document: NamedDocument;
  readonly policies: readonly Policy[];
  readonly mistakes: readonly { readonly line: number; readonly path: string; readonly message: string; readonly advice: string }[];
}

function readOne(document: NamedDocument): Read {
  const parsed = parsePolicies(document.text);
  return parsed.ok ? { document, policies: parsed.value, mistakes: [] } : { document, policies: [], mistakes: parsed.error };
}

/** A name that two documents bear: the second is told, wherever it lies. */
function withDoubles(read: readonly Read[]): Read[] {
  const names = new Set<string>();
  return read.map((one) => {
    const doubles = one.policies.filter(({ name }) => names.size === names.add(name).size);
    return { ...one, mistakes: [...one.mistakes, ...doubles.map(({ name }) => ({ line: 1, path: 'name', message: `"${name}" is the name of two policies`, advice: 'give one of them another name' }))] };
  });
}

/** Stores that a shipped profile does not have: such a policy is sound, and acts on nothing. A profile of the operator's own is not known here. */
function unknownStores(policy: Policy, profiles: ReadonlyMap<string, Profile>): string[] {
  if (!('stores' in policy)) return [];
  return policy.stores.flatMap(({ profile, store }) => {
    const among = profile === null ? [...profiles.values()] : [profiles.get(profile)].filter((found) => found !== undefined);
    return among.length === 0 || among.some(({ stores }) => stores.some(({ id }) => id === store)) ? [] : [`${profile ?? '*'}/${store}`];
  });
}

/** Says what is wrong with policy files, line by line, without any server. Exit: 0 in order, 2 mistakes. */
export async function policyLint(files: readonly string[], context: CommandContext): Promise<ExitCode> {
  const read = withDoubles((await readDocuments(files)).map(readOne));
  const profiles: ReadonlyMap<string, Profile> = await loadProfiles({});
  const problems = read.flatMap(({ document, mistakes }) => mistakes.map(({ line, path, message, advice }) => ({ file: document.file, line: document.line + line - 1, path, message, advice })));
  const notes = read.flatMap(({ document, policies }) => policies.flatMap((policy) => unknownStores(policy, profiles).map((store) => ({ file: document.file, policy: policy.name, message: `no profile that ships has the store ${store}` }))));
  if (context.format === 'json') printJson(context, { schema: 'mailwarden/policy-lint/v1', problems, notes });
  else {
    printLines(context, read.flatMap(({ document, mistakes }) => mistakes.map((mistake) => mistakeLine(document, mistake))));
    printLines(context, notes.map(({ file, policy, message }) => context.style.yellow(`${file}: ${policy}: ${message}; without one of your own it acts on nothing there`)));
    if (problems.length === 0) for (const file of files) context.print(`${file}: in order, ${words(read.filter(({ document }) => document.file === file).flatMap(({ policies }) => policies))}`);
  }
  return problems.length === 0 ? EXIT.nothingFound : EXIT.failed;
}

const words = (policies: readonly Policy[]): string => `${policies.length} ${policies.length === 1 ? 'policy' : 'policies'}: ${policies.map(({ kind, name }) => `${kind} ${name}`).join(', ')}`;
