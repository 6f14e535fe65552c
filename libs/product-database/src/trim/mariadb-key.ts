/** A value of a key column as it was read. */
type Cell = string | number | Buffer | null | undefined;

const NUMBER = /^-?\d{1,20}(?:\.\d{1,20})?$/;

/** A key as a text that says what kind of value it is: `n` a number, `t` a text, `b` bytes. Errors: null for a value that names no row. */
export function mariadbKey(cell: Cell, isNumber: boolean): string | null {
  if (cell === null || cell === undefined) return null;
  if (Buffer.isBuffer(cell)) return `b${cell.toString('hex')}`;
  const text = String(cell);
  return isNumber && NUMBER.test(text) ? `n${text}` : `t${text}`;
}

/**
 * The same as a literal, so that the column's index serves the comparison.
 * Safety: digits alone, or hexadecimal digits: nothing that was read enters a statement as it is.
 */
export function mariadbLiteral(key: string): string {
  const value = key.slice(1);
  if (key.startsWith('n') && NUMBER.test(value)) return value;
  return key.startsWith('b') ? `X'${Buffer.from(value, 'hex').toString('hex')}'` : textLiteral(value);
}

export const textLiteral = (text: string): string => `_utf8mb4 X'${Buffer.from(text, 'utf8').toString('hex')}'`;
