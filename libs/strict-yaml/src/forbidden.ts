import { isAlias, isCollection, isMap, isPair, isScalar, isSeq, visit, type Document, type LineCounter, type Node, type Pair } from 'yaml';
import { pathText, type Problem } from './problem.js';

const PROBLEMS_MAX = 50;
const SHOWN_MAX = 40;
/** Characters that no readable file holds; a name or a path with one means something else to the kernel than to the eye. Tab, line feed and carriage return are layout. */
const CONTROL_CHARACTER = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\u202a-\u202e\u2066-\u2069]/;

type Ancestors = readonly unknown[];
type Complain = (node: Node, ancestors: Ancestors, message: string, advice: string) => void;

const shown = (value: unknown): string => JSON.stringify(String(value).slice(0, SHOWN_MAX));

/** Where a node stands, by the keys and places above it. */
function pathOf(node: unknown, ancestors: Ancestors): string {
  const chain = [...ancestors, node];
  const path: (string | number)[] = [];
  chain.forEach((part, index) => {
    if (isPair(part)) path.push(isScalar(part.key) ? String(part.key.value) : '?');
    else if (isSeq(part) && index + 1 < chain.length) path.push(part.items.indexOf(chain[index + 1]));
  });
  return pathText(path);
}

function checkScalar(value: unknown, complain: (message: string, advice: string) => void): void {
  if (typeof value === 'string' && CONTROL_CHARACTER.test(value)) complain('a character stands here that cannot be seen', 'write plain text, without NUL, control or direction characters');
  if (typeof value === 'string' && !value.isWellFormed()) complain('half a character stands here', 'write the whole character');
  if (typeof value === 'number' && !Number.isFinite(value)) complain('a number stands here that is none', 'write a number');
}

/** Keys are words, and each stands once. Counted here because the reader's own check takes a time that grows with the square of the keys. */
function checkKeys(items: readonly Pair[], ancestors: Ancestors, complain: Complain): void {
  const seen = new Set<string>();
  for (const pair of items) {
    const { key } = pair;
    const below = [...ancestors, pair];
    if (!isScalar(key)) {
      if (isCollection(key)) complain(key, below, 'a list or map stands here as a key', 'write a word as the key');
      continue;
    }
    const name = String(key.value);
    if (name === '<<') complain(key, below, 'a merge (<<) stands here', 'write the values out');
    else if (seen.has(name)) complain(key, below, `the key ${shown(name)} stands here for the second time`, 'keep one of the two');
    seen.add(name);
  }
}

/** What lets a small file mean something huge, something else than it shows, or nothing at all. None of it is needed here. */
export function forbidden(document: Document, lines: LineCounter): Problem[] {
  const problems: Problem[] = [];
  const complain: Complain = (node, ancestors, message, advice) => {
    const { line, col } = lines.linePos(node.range?.[0] ?? 0);
    if (problems.length < PROBLEMS_MAX) problems.push({ line: Math.max(1, line), column: Math.max(1, col), path: pathOf(node, ancestors), message, advice });
  };
  visit(document, {
    Node(_key, node, ancestors) {
      if (isAlias(node)) {
        complain(node, ancestors, 'an alias (*name) stands here', 'write the value out');
        return visit.SKIP;
      }
      if (node.anchor !== undefined) complain(node, ancestors, `an anchor (&${node.anchor.slice(0, SHOWN_MAX)}) stands here`, 'write the value out where it is needed');
      if (node.tag !== undefined) complain(node, ancestors, `a tag (${node.tag.slice(0, SHOWN_MAX)}) stands here`, 'leave the tag out');
      if (isMap(node)) checkKeys(node.items as readonly Pair[], [...ancestors, node], complain);
      if (isScalar(node)) checkScalar(node.value, (message, advice) => complain(node, ancestors, message, advice));
      return undefined;
    },
  });
  return problems;
}
