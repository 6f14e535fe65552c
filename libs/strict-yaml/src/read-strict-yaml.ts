import { err, ok, type Result } from '@mailwarden/kernel';
import { isAlias, isCollection, isMap, isNode, isScalar, isSeq, LineCounter, parseAllDocuments, visit, type Document, type Node } from 'yaml';
import { pathText, type DocumentPath, type Problem } from './problem.js';

/** Larger files are refused before they are parsed. Units: bytes. */
export const YAML_BYTES_MAX = 262_144;
const DEPTH_MAX = 32;
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

/** Anchors, aliases, merges and tags let a small file mean something huge or unexpected; none is needed here. */
function forbidden(document: Document, lines: LineCounter): Problem[] {
  const problems: Problem[] = [];
  const add = (node: Node, message: string, advice: string): void => {
    const { line, col } = lines.linePos(node.range?.[0] ?? 0);
    if (problems.length < PROBLEMS_MAX) problems.push({ line, column: col, path: '', message, advice });
  };
  visit(document, (_key, node, ancestors) => {
    if (!isNode(node)) return undefined;
    if (isAlias(node)) {
      add(node, 'an alias (*name) stands here', 'write the value out');
      return visit.SKIP;
    }
    if (ancestors.length > DEPTH_MAX * 2) {
      add(node, `values are nested deeper than ${DEPTH_MAX} levels`, 'nest less deeply');
      return visit.BREAK;
    }
    if ((isCollection(node) || isScalar(node)) && node.anchor !== undefined) add(node, `an anchor (&${node.anchor}) stands here`, 'write the value out where it is needed');
    if (node.tag !== undefined && !node.tag.startsWith('tag:yaml.org,2002:')) add(node, `a tag (${node.tag}) stands here`, 'leave the tag out');
    return undefined;
  });
  return problems;
}

function syntaxProblems(document: Document, lines: LineCounter): Problem[] {
  return [...document.errors, ...document.warnings].slice(0, PROBLEMS_MAX).map((error) => {
    const { line, col } = lines.linePos(error.pos[0]);
    const message = (error.message.split('\n')[0] ?? 'not YAML').replace(/ at line \d+, column \d+:?$/, '');
    return { line, column: col, path: '', message, advice: error.code === 'DUPLICATE_KEY' ? 'keep one of the two' : 'mend the YAML at this place' };
  });
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
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, strict: true, uniqueKeys: true, version: '1.2', schema: 'core', merge: false });
  if (!Array.isArray(documents) || documents.length === 0) return err([wholeFile('the file is empty', 'write a document, or remove the file')]);
  if (documents.length > DOCUMENTS_MAX) return err([wholeFile(`the file has ${documents.length} documents; the limit is ${DOCUMENTS_MAX}`, 'split it')]);
  const problems = documents.flatMap((document: Document) => [...syntaxProblems(document, lines), ...forbidden(document, lines)]);
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
