/** In JSON a NUL is written as an escape, and so is half of a surrogate pair that stands alone; an even number of backslashes before it are characters of their own. */
const NUL_IN_JSON = /(?<!\\)(?:\\\\)*\\u0000/;
const HALF_IN_JSON = /(?<!\\)(?:\\\\)*\\ud[89a-f][0-9a-f]{2}/;

/** What a text in `value`, at any depth, holds that PostgreSQL cannot keep and a signature cannot cover; null when there is nothing of the kind. */
export function whatCannotBeKept(value: unknown): string | null {
  const json = JSON.stringify(value) ?? '';
  return NUL_IN_JSON.test(json) ? 'a NUL character' : HALF_IN_JSON.test(json) ? 'half of a character (a lone surrogate)' : null;
}
