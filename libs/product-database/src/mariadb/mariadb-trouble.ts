import { troubleOf } from '../trouble.js';

/** What the numbers of MariaDB mean to whoever mends them. Source: MariaDB documentation, error codes. */
const MEANINGS: Readonly<Record<number, string>> = {
  1040: 'the server has too many connections',
  1044: 'the account may not read it',
  1045: 'the account or its password is not right',
  1049: 'there is no such database',
  1053: 'the server is shutting down',
  1054: 'there is no such column',
  1064: 'the statement is not right',
  1130: 'the account is not let in from here',
  1142: 'the account may not read it',
  1143: 'the account may not read it',
  1146: 'there is no such table',
  1193: 'the server knows no limit of time for statements',
  1194: 'the table is damaged',
  1205: 'another session has locked it',
  1227: 'the account may not read it',
  1213: 'another session locked it the other way round',
  1290: 'it would write, and only reading is allowed here',
  1317: 'it took longer than a mail server can spare',
  1356: 'it is a view of something that is not there',
  1665: 'its log of changes is of statements (binlog_format), which takes no deletion of single rows',
  1698: 'the account or its password is not right',
  1792: 'it would write, and only reading is allowed here',
  1927: 'the server ended the connection',
  1969: 'it took longer than a mail server can spare',
};

/** Why MariaDB did not answer, in words, with its number where it has one. */
export function mariadbTrouble(cause: unknown): string {
  const { errno, code } = cause as { errno?: unknown; code?: unknown };
  if (typeof errno === 'number' && errno > 0) {
    const meaning = MEANINGS[errno];
    return meaning === undefined ? `code ${errno}` : `${meaning} (${errno})`;
  }
  return code === 'PROTOCOL_CONNECTION_LOST' ? 'the connection was lost (ECONNRESET)' : troubleOf(cause);
}
