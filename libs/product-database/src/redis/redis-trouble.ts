import { troubleOf } from '../trouble.js';

/** First words of what Redis says when it refuses. Source: Redis documentation, security and ACL. */
const MEANINGS: Readonly<Record<string, string>> = {
  NOAUTH: "it asks for a password; name one in the host's settings",
  WRONGPASS: 'the account or its password is not right',
  NOPERM: 'the account may not read it',
  LOADING: 'the server is starting',
  WRONGTYPE: 'a key is no list',
  DENIED: 'it lets nobody in from here',
  MASTERDOWN: 'its data is out of date and it will not show it',
  BUSY: 'the server is busy with a script',
  MISCONF: 'the server refuses to work by its own settings',
};
const NO_INDEX = /DB index is out of range/;
const NO_PASSWORD_SET = /without any password configured/;

/** Why Redis did not answer, in words, with the first word of its own. Nothing of a key or an entry is told. */
export function redisTrouble(cause: unknown): string {
  const { message = '', code } = cause as { message?: string; code?: unknown };
  if (NO_INDEX.test(message)) return 'there is no database of this number';
  if (NO_PASSWORD_SET.test(message)) return 'the account or its password is not right';
  const word = /^-?([A-Z]{4,12}) /.exec(message)?.[1] ?? '';
  const meaning = Object.hasOwn(MEANINGS, word) ? MEANINGS[word] : undefined;
  if (meaning !== undefined) return `${meaning} (${word})`;
  return typeof code === 'string' || word === '' ? troubleOf(cause) : `code ${word}`;
}
