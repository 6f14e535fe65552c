import type { ReactNode } from 'react';
import classes from './table.module.css';

interface TableProps {
  readonly columns: readonly (string | { readonly title: string; readonly end?: boolean; readonly width?: string })[];
  readonly children: ReactNode;
  readonly label: string;
  readonly testId?: string;
}

/** A dense table. On a phone each row is a card, and each cell carries its column's name (`data-column`). */
export function Table({ columns, children, label, testId }: TableProps) {
  return (
    <div className={classes['scroll']}>
      <table className={classes['table']} aria-label={label} data-testid={testId}>
        <thead>
          <tr>
            {columns.map((column) => {
              const { title, end = false, width } = typeof column === 'string' ? { title: column } : { ...column };
              return <th key={title} scope="col" data-end={end || undefined} style={width === undefined ? undefined : { width }}>{title}</th>;
            })}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

/** One cell with the name of its column for the phone. */
export function Cell({ column, end = false, children, lead = false }: { readonly column: string; readonly end?: boolean; readonly lead?: boolean; readonly children: ReactNode }) {
  return <td data-column={column} data-end={end || undefined} data-lead={lead || undefined}>{children}</td>;
}
