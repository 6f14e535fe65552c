import { Lexer } from 'yaml';

/** Deeper files are refused. Units: levels, of whichever way of nesting goes deepest. */
export const DEPTH_MAX = 32;

/** Marks of the lexer that stand for no text: begin of a document, end of a broken flow, begin of a scalar. */
const WITHOUT_LENGTH = new Set(['\u0002', '\u0018', '\u001f']);
const NESTS_ON_ITS_LINE = new Set(['-', '?', ':']);

/**
 * Where a text nests too deeply, or null. Told from its tokens alone: the parser works by recursion, and a file of nothing but brackets
 * would end the whole process before any of its errors could be caught. Units: offset into the text.
 */
export function tooDeepAt(text: string): number | null {
  let offset = 0;
  let flow = 0;
  let onLine = 0;
  let startsLine = true;
  let isScalar = false;
  const indents: number[] = [];
  for (const token of new Lexer().lex(text)) {
    if (isScalar) isScalar = false;
    else if (WITHOUT_LENGTH.has(token)) {
      isScalar = token === '\u001f';
      continue;
    } else if (token === '[' || token === '{') flow += 1;
    else if (token === ']' || token === '}') flow -= 1;
    else if (NESTS_ON_ITS_LINE.has(token)) onLine += flow === 0 ? 1 : 0;
    if (/^\r?\n/.test(token)) {
      onLine = 0;
      startsLine = true;
    } else if (startsLine) {
      startsLine = false;
      const indent = /^ +$/.test(token) ? token.length : 0;
      while ((indents.at(-1) ?? -1) >= indent) indents.pop();
      indents.push(indent);
    }
    if (Math.max(flow, onLine, indents.length) > DEPTH_MAX) return offset;
    offset += token.length;
  }
  return null;
}
