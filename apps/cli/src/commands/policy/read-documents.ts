import { policyDocuments, type PolicyMistake } from '@mailwarden/contracts';
import { CommandFailure } from '../../failure.js';
import { printable } from '../../output/terminal.js';
import { readNamedFile } from '../named-file.js';

/** One policy of a file that was named on the command line. */
export interface NamedDocument {
  readonly file: string;
  readonly text: string;
  /** Number of its first line in the file, from 1. */
  readonly line: number;
}

/** Every policy of the files, in their order. Errors: CommandFailure for a file that cannot be read, or holds none. */
export async function readDocuments(files: readonly string[]): Promise<NamedDocument[]> {
  const found: NamedDocument[] = [];
  for (const file of files) {
    const documents = policyDocuments(await readNamedFile(file, 'policy'));
    if (documents.length === 0) throw new CommandFailure(`${file} holds no policy`, 'see: docs/reference/policies.md');
    found.push(...documents.map((document) => ({ file, ...document })));
  }
  return found;
}

type Mistake = Pick<PolicyMistake, 'line' | 'path' | 'message' | 'advice'>;

/** `file:line: path: message; advice`, as editors jump to it. */
export const mistakeLine = ({ file, line }: NamedDocument, mistake: Mistake): string =>
  printable(`${file}:${line + Math.max(1, mistake.line) - 1}: ${mistake.path === '' ? '' : `${mistake.path}: `}${mistake.message}; ${mistake.advice}`);

/** Errors: CommandFailure with every mistake that the rotation worker found, at its place in the files. */
export function requireNone(documents: readonly NamedDocument[], mistakes: readonly PolicyMistake[]): void {
  if (mistakes.length === 0) return;
  const nowhere: NamedDocument = { file: 'the change', text: '', line: 1 };
  throw new CommandFailure('the policies have mistakes; nothing was changed', 'mend these lines', mistakes.map((mistake) => mistakeLine(documents[mistake.document] ?? nowhere, mistake)));
}
