import { err, ok, type Result } from '@mailwarden/kernel';

/** Quoted text and names, comments, words, and whatever else, one character each. */
const TOKEN = /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|--|\/\*|[A-Za-z_$][\w$]*|\S/g;
/** Words of statements that read and yet write a file, take a lock or wait for one. */
const FORBIDDEN: ReadonlySet<string> = new Set(['into', 'update', 'lock', 'procedure', 'get_lock', 'load_file', 'load_extension']);
const COMMENTS: ReadonlySet<string> = new Set(['--', '/*', '#']);
const BEGINNINGS: ReadonlySet<string> = new Set(['select', 'with']);
/** A quote that is not closed stands alone. */
const LONE: ReadonlySet<string> = new Set(["'", '"', '`']);

/**
 * A profile's question, checked to be one reading statement by its text alone, for engines that have no cursor to make it one.
 * Safety: a second wall beside a read-only transaction or connection, which lets through what writes files or takes locks. Backslashes are refused because engines disagree on what they mean within quotes.
 */
export function readingStatement(query: string): Result<string, string> {
  const statement = query.trim().replace(/;\s*$/, '');
  if (statement.includes('\\')) return err('it has a backslash; write the text without one');
  const tokens = (statement.match(TOKEN) ?? []).map((token) => token.toLowerCase());
  if (!BEGINNINGS.has(tokens[0] ?? '')) return err('it is no SELECT');
  if (tokens.includes(';')) return err('it is more than one statement');
  if (tokens.some((token) => COMMENTS.has(token))) return err('it has a comment');
  if (tokens.some((token) => LONE.has(token))) return err('a quote is not closed');
  const word = tokens.find((token) => FORBIDDEN.has(token));
  return word === undefined ? ok(statement) : err(`it does more than read (${word.toUpperCase()})`);
}
