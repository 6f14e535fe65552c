/** In JSON a NUL is written as an escape; an even number of backslashes before it are characters of their own. */
const NUL_IN_JSON = /(?<!\\)(?:\\\\)*\\u0000/;

/** True when a text in `value`, at any depth, holds a NUL, which PostgreSQL cannot keep. */
export const holdsNul = (value: unknown): boolean => NUL_IN_JSON.test(JSON.stringify(value) ?? '');
