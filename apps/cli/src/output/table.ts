import { printable, type Style } from './terminal.js';

export interface Column<T> {
  readonly title: string;
  readonly text: (row: T) => string;
  readonly align?: 'left' | 'right';
  readonly style?: (row: T, style: Style) => (text: string) => string;
}

const GAP = '  ';

/** Lays rows out in columns that are as wide as their widest cell. Shape: lines without a trailing newline. */
export function renderTable<T>(columns: readonly Column<T>[], rows: readonly T[], style: Style): string[] {
  const cells = rows.map((row) => columns.map((column) => printable(column.text(row))));
  const widths = columns.map((column, index) => Math.max(column.title.length, ...cells.map((line) => line[index]?.length ?? 0)));
  const pad = (text: string, index: number): string => {
    const width = widths[index] ?? 0;
    if (columns[index]?.align === 'right') return text.padStart(width);
    return index === columns.length - 1 ? text : text.padEnd(width);
  };
  const head = style.dim(columns.map((column, index) => pad(column.title.toUpperCase(), index)).join(GAP).trimEnd());
  const body = cells.map((line, rowIndex) =>
    line
      .map((text, index) => {
        const row = rows[rowIndex];
        const paint = row === undefined ? undefined : columns[index]?.style?.(row, style);
        return paint === undefined ? pad(text, index) : paint(pad(text, index));
      })
      .join(GAP)
      .trimEnd(),
  );
  return [head, ...body];
}
