import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { enrolmentToken, type EnrolmentToken } from '@mailwarden/contracts';

const PREFIX = 'mwe1_';
/** Longest text of a token, and longest that it may unfold to. Units: characters, bytes. */
const TEXT_CHARACTERS_MAX = 20_000;
const UNFOLDED_BYTES_MAX = 64_000;

/** A token as a person carries it: one word. */
export const textOfToken = (token: EnrolmentToken): string => `${PREFIX}${deflateRawSync(JSON.stringify(token)).toString('base64url')}`;

/** Errors: throws, in words for whoever typed it, for what is no token. */
export function tokenFromText(text: string): EnrolmentToken {
  const given = text.trim();
  if (!given.startsWith(PREFIX)) throw new Error(`this is no enrolment token: one begins with ${PREFIX}; make one with: mailwarden enrol token`);
  if (given.length > TEXT_CHARACTERS_MAX) throw new Error(`this is no enrolment token: it has ${given.length} characters, and none has more than ${TEXT_CHARACTERS_MAX}`);
  try {
    return enrolmentToken.parse(JSON.parse(inflateRawSync(Buffer.from(given.slice(PREFIX.length), 'base64url'), { maxOutputLength: UNFOLDED_BYTES_MAX }).toString('utf8')));
  } catch (cause) {
    throw new Error('the enrolment token is damaged; copy all of it, in one line', { cause });
  }
}
