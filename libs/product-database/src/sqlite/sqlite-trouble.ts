/** What the result codes of SQLite mean to whoever mends them; an extended code first, then the low byte of it. Source: SQLite, Result and Error Codes. */
const MEANINGS: Readonly<Record<number, string>> = {
  1: 'the statement is not right',
  3: 'its file may not be read',
  5: 'another process has locked it',
  6: 'another process has locked it',
  7: 'it needs more memory than a mail server can spare',
  8: 'it would write, and only reading is allowed here',
  10: 'its file cannot be read',
  11: 'its file is damaged',
  14: 'its file cannot be opened',
  18: 'a value is too large',
  20: 'a column has another type',
  23: 'it does more than read',
  26: 'its file is no SQLite database, or is encrypted',
  264: 'its log waits to be mended by the product',
  776: 'it was cut off in the middle of a write; it can be read once the product has opened it',
  1544: 'its log lies in a folder that is closed to this account; run the agent with SecureBits=no-setuid-fixup',
  1288: 'its log cannot be read without writing to its index',
};
const LOW_BYTE = 0xff;

/** Why SQLite did not answer, in words, with its code. */
export function sqliteTrouble(code: number, what: 'table' | 'column' | null): string {
  const meaning = what === null ? (MEANINGS[code] ?? MEANINGS[code & LOW_BYTE]) : `there is no such ${what}`;
  return meaning === undefined ? `code ${code}` : `${meaning} (${code})`;
}
