import { printable, wrapped, type Style } from './terminal.js';

export interface Column<T> {
  readonly title: string;
  readonly text: (row: T) => string;
  readonly align?: 'left' | 'right';
  readonly style?: (row: T, style: Style) => (text: string) => string;
}

const GAP = '  ';
/** A last column narrower than this is no longer read as a column. */
const LAST_WIDTH_MIN = 24;

/**
 * Lays rows out in columns that are as wide as their widest cell. On a terminal that is too narrow the last column's text is broken into lines;
 * where that does not suffice, each row becomes a block of name and value. Shape: lines without a trailing newline.
 */
export function renderTable<T>(columns: readonly Column<T>[], rows: readonly T[], style: Style): string[] {
  const cells = rows.map((row) => columns.map((column) => printable(column.text(row))));
  const widths = columns.map((column, index) => Math.max(column.title.length, ...cells.map((line) => line[index]?.length ?? 0)));
  const last = columns.length - 1;
  const before = widths.slice(0, last).reduce((sum, width) => sum + width + GAP.length, 0);
  const room = style.width === null || before + (widths[last] ?? 0) <= style.width ? null : style.width - before;
  if (room !== null && (room < LAST_WIDTH_MIN || columns[last]?.align === 'right')) return renderBlocks(columns, rows, style);
  const pad = (text: string, index: number): string => {
    const width = widths[index] ?? 0;
    if (columns[index]?.align === 'right') return text.padStart(width);
    return index === last ? text : text.padEnd(width);
  };
  const head = style.dim(columns.map((column, index) => pad(column.title.toUpperCase(), index)).join(GAP).trimEnd());
  const body = cells.flatMap((line, rowIndex) => {
    const [first = '', ...rest] = room === null ? [line[last] ?? ''] : wrapped(line[last] ?? '', room);
    const told = [...line.slice(0, last), first].map((text, index) => painted(columns[index], rows[rowIndex], style, pad(text, index)));
    return [told.join(GAP).trimEnd(), ...rest.map((text) => ' '.repeat(before) + text)];
  });
  return [head, ...body];
}

function painted<T>(column: Column<T> | undefined, row: T | undefined, style: Style, text: string): string {
  const paint = row === undefined ? undefined : column?.style?.(row, style);
  return paint === undefined ? text : paint(text);
}

function renderBlocks<T>(columns: readonly Column<T>[], rows: readonly T[], style: Style): string[] {
  const name = Math.max(...columns.map(({ title }) => title.length));
  const room = Math.max(1, (style.width ?? Number.POSITIVE_INFINITY) - name - GAP.length);
  return rows.flatMap((row, rowIndex) => [
    ...(rowIndex > 0 ? [''] : []),
    ...columns.flatMap((column) => {
      const [first = '', ...rest] = wrapped(printable(column.text(row)), room);
      return [`${style.dim(column.title.toUpperCase().padEnd(name))}${GAP}${painted(column, row, style, first)}`.trimEnd(), ...rest.map((text) => ' '.repeat(name + GAP.length) + text)];
    }),
  ]);
}
