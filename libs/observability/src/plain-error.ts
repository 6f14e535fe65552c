const TEXT_CHARACTERS_MAX = 500;
const LOOKED_THROUGH_CHARACTERS_MAX = 10_000;
const CAUSE_CHARACTERS_MAX = 300;
const STACK_LINES_MAX = 7;
const STACK_LINE = /^\s+at /;

/** `someone@example.org`, also in another script. */
const MAIL_ADDRESS = /[^\s"'<>(),;:=@/\\]+@[^\s"'<>(),;:=@/\\]+/gu;
/** The rest of a path may be the name of a person or of a letter: its first folder says what kind of place it was. Quoted first, since a name can hold blanks. */
const QUOTED_PATH = /(["'`])(\/[^/"'`\n]{1,60}\/)[^\n]*\1/g;
const BARE_PATH = /(^|[\s(=:,])(\/[^/\s"'`]{1,60}\/)[^\s"'`]+/g;

/** No more than is worth looking through, and no half of a word at its end, which could be half of an address. */
const bounded = (text: string): string => (text.length > LOOKED_THROUGH_CHARACTERS_MAX ? text.slice(0, LOOKED_THROUGH_CHARACTERS_MAX).replace(/\S+$/, '') : text);

/** A sentence of an error as a log may show it. Privacy: paths are cut to their first folder, addresses of mail are left out. */
export const plainText = (text: string): string =>
  bounded(text).replaceAll(QUOTED_PATH, '$1$2…$1').replaceAll(BARE_PATH, '$1$2…').replaceAll(MAIL_ADDRESS, '[address]').slice(0, TEXT_CHARACTERS_MAX);

/** Errors as logs may show them: what went wrong and where in our code, never the driver's details, which can quote a row, and no name of a file. */
export function plainError(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: typeof error === 'string' ? plainText(error) : 'not an error object' };
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    message: plainText(error.message),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    // Of the stack only the places: before them it repeats the message.
    stack: error.stack?.split('\n').filter((line) => STACK_LINE.test(line)).slice(0, STACK_LINES_MAX).join('\n'),
    ...(error.cause instanceof Error ? { cause: plainText(error.cause.message).slice(0, CAUSE_CHARACTERS_MAX) } : {}),
  };
}
