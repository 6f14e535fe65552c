import type { PolicyMistake } from '@mailwarden/contracts';
import { parsePolicies, type Policy } from '@mailwarden/policy';

export type WrittenPolicy = Policy & { readonly text: string };
export interface WrittenPolicies {
  readonly policies: readonly WrittenPolicy[];
  readonly mistakes: readonly PolicyMistake[];
}

const MISTAKES_MAX = 200;
/** A line of three dashes begins a document wherever it stands, in block text too: a text can be divided there. */
const SEPARATOR = /^---(?:[ \t].*)?$/m;

/** Each document of a text by itself, so that each policy keeps its own words. */
const divided = (text: string): string[] => text.split(SEPARATOR).filter((piece) => piece.split('\n').some((line) => line.trim() !== '' && !line.trim().startsWith('#')));

/** Reads policy documents. All or nothing: with a mistake in one, none is used. */
export function readWritten(documents: readonly string[]): WrittenPolicies {
  const mistakes: PolicyMistake[] = [];
  const policies: WrittenPolicy[] = [];
  for (const [document, text] of documents.entries()) {
    const parsed = parsePolicies(text);
    if (!parsed.ok) mistakes.push(...parsed.error.map(({ line, path, message, advice }) => ({ document, line, path: path.slice(0, 300), message: message.slice(0, 500), advice: advice.slice(0, 500) })));
    else {
      const pieces = divided(text);
      for (const [index, policy] of parsed.value.entries()) {
        if (policies.some(({ name }) => name === policy.name)) mistakes.push({ document, line: 1, path: 'name', message: `"${policy.name}" is the name of two policies`, advice: 'give one of them another name' });
        policies.push({ ...policy, text: `${(pieces[index] ?? text).trim()}\n` });
      }
    }
  }
  return { policies, mistakes: mistakes.slice(0, MISTAKES_MAX) };
}
