/** What the codes of PostgreSQL and of the network mean to whoever mends them. Source: PostgreSQL manual, appendix A. */
const MEANINGS: Readonly<Record<string, string>> = {
  '25006': 'it would write, and only reading is allowed here',
  '28000': 'the account is not let in',
  '28P01': 'the password is not right',
  '3D000': 'there is no such database',
  '42501': 'the account may not read it',
  '42601': 'the statement is not right',
  '42703': 'there is no such column',
  '42804': 'a column has another type',
  '42846': 'the time column holds no time',
  '42883': 'a column has another type',
  '42P01': 'there is no such table',
  '53300': 'the server has too many connections',
  '55P03': 'another session has locked it',
  '57014': 'it took longer than a mail server can spare',
  '57P01': 'the server is shutting down',
  '57P03': 'the server is starting',
  ASKS_PASSWORD: 'the server asks for the password itself, or for what is as good, and is given neither: store it there as scram-sha-256',
  AUTH_SWITCH_PLUGIN_ERROR: 'the server asks for the password itself, and is not given it: let the account sign in by its socket, or by a way that only proves it',
  ECONNREFUSED: 'nobody listens there',
  ENOENT: 'its socket does not exist',
  EACCES: 'its socket may not be used',
  ECONNRESET: 'the connection was lost',
  EPIPE: 'the connection was lost',
  EMSGSIZE: 'it told more than is read',
  ETIMEDOUT: 'no answer',
  ENOTFOUND: 'its host has no address',
};

/** What a code can look like. The other side may send anything in its place. */
const CODE = /^[A-Z0-9_]{1,40}$/;

/** Why a database did not answer, in words, with its code where it has one. Nothing of a row or a statement is told. */
export function troubleOf(cause: unknown): string {
  const { code } = cause as { code?: unknown };
  if (typeof code !== 'string' || !CODE.test(code)) return 'no answer';
  const meaning = Object.hasOwn(MEANINGS, code) ? MEANINGS[code] : undefined;
  return meaning === undefined ? `code ${code}` : `${meaning} (${code})`;
}
