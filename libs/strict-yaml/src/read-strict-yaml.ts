import { err, ok, type Result } from '@mailwarden/kernel';
import { isMap, isNode, isScalar, isSeq, LineCounter, parseAllDocuments, type Document, type Node } from 'yaml';
import { forbidden } from './forbidden.js';
import { DEPTH_MAX, tooDeepAt } from './nesting.js';
import { pathText, type DocumentPath, type Problem } from './problem.js';

/** Larger files are refused before they are parsed. Units: bytes. */
export const YAML_BYTES_MAX = 262_144;
const DOCUMENTS_MAX = 500;
const PROBLEMS_MAX = 50;

/** One parsed document, with the place of each value for messages. */
export interface StrictDocument {
  readonly value: unknown;
  positionOf(path: DocumentPath): { readonly line: number; readonly column: number };
}

const START = { line: 1, column: 1 } as const;

function wholeFile(message: string, advice: string): Problem {
  return { ...START, path: '', message, advice };
}

function syntaxProblems(document: Document, lines: LineCounter): Problem[] {
  return [...document.errors, ...document.warnings].slice(0, PROBLEMS_MAX).map((error) => {
    const { line, col } = lines.linePos(error.pos[0]);
    const message = (error.message.split('\n')[0] ?? 'not YAML').replace(/ at line \d+, column \d+:?$/, '');
    return { line: Math.max(1, line), column: Math.max(1, col), path: '', message, advice: 'mend the YAML at this place' };
  });
}

function depthProblem(text: string): Problem | null {
  const offset = tooDeepAt(text);
  if (offset === null) return null;
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, path: '', message: `values are nested deeper than ${DEPTH_MAX} levels`, advice: 'nest less deeply' };
}

/** What is not YAML at all is told alone: what the rest would mean is a guess then. */
function problemsOf(document: Document, lines: LineCounter): Problem[] {
  const syntax = syntaxProblems(document, lines);
  return document.errors.length > 0 ? syntax : [...syntax, ...forbidden(document, lines)];
}

/** The nearest node on the way to `path`, so that a missing key is reported at its parent. */
function nearestNode(document: Document, path: DocumentPath): Node | null {
  let node: unknown = document.contents;
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part));
      if (pair === undefined) break;
      node = isNode(pair.value) ? pair.value : pair.key;
    } else if (isSeq(node) && typeof part === 'number' && isNode(node.items[part])) node = node.items[part];
    else break;
  }
  return isNode(node) ? node : null;
}

function strictDocument(document: Document, lines: LineCounter): StrictDocument {
  return {
    value: document.toJS({ maxAliasCount: 0 }) as unknown,
    positionOf: (path) => {
      const { line, col } = lines.linePos(nearestNode(document, path)?.range?.[0] ?? 0);
      return { line: Math.max(1, line), column: Math.max(1, col) };
    },
  };
}

/** Reads a file of one or more YAML documents. Errors: every problem found, with its place; hostile files are refused before they cost anything. */
export function readStrictYamlDocuments(text: string, options: { bytesMax?: number } = {}): Result<StrictDocument[], Problem[]> {
  const bytesMax = options.bytesMax ?? YAML_BYTES_MAX;
  const bytes = Buffer.byteLength(text);
  if (bytes > bytesMax) return err([wholeFile(`the file has ${bytes} bytes; the limit is ${bytesMax}`, 'split it, or leave out what does not belong')]);
  const tooDeep = depthProblem(text);
  if (tooDeep !== null) return err([tooDeep]);
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, strict: true, uniqueKeys: false, version: '1.2', schema: 'core', merge: false });
  if (!Array.isArray(documents) || documents.length === 0) return err([wholeFile('the file is empty', 'write a document, or remove the file')]);
  if (documents.length > DOCUMENTS_MAX) return err([wholeFile(`the file has ${documents.length} documents; the limit is ${DOCUMENTS_MAX}`, 'split it')]);
  const problems = documents.flatMap((document: Document) => problemsOf(document, lines)).slice(0, PROBLEMS_MAX);
  return problems.length > 0 ? err(problems) : ok(documents.map((document: Document) => strictDocument(document, lines)));
}

/** The same for a file that must hold exactly one document. */
export function readStrictYaml(text: string, options: { bytesMax?: number } = {}): Result<StrictDocument, Problem[]> {
  const read = readStrictYamlDocuments(text, options);
  if (!read.ok) return read;
  const [first, second] = read.value;
  if (first === undefined || second !== undefined) return err([wholeFile(`the file has ${read.value.length} documents; one is expected`, 'split it at the "---" lines')]);
  return ok(first);
}

/** A problem at the place of a value. */
export function problemAt(document: StrictDocument, path: DocumentPath, message: string, advice: string): Problem {
  return { ...document.positionOf(path), path: pathText(path), message, advice };
}
