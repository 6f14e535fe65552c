import { describe, expect, it } from 'vitest';
import { renderTable, type Column } from './table.js';
import { PLAIN, widthFrom, wrapped } from './terminal.js';

interface Row {
  readonly server: string;
  readonly message: string;
}
const COLUMNS: readonly Column<Row>[] = [
  { title: 'server', text: (row) => row.server },
  { title: 'finding', text: (row) => row.message },
];
const ROWS: readonly Row[] = [{ server: 'mx-1', message: 'everyone can read fourteen entries of the Backup store' }, { server: 'mx-2', message: 'none' }];

describe('a table', () => {
  it('keeps each row on one line in a pipe', () => {
    expect(renderTable(COLUMNS, ROWS, PLAIN)).toEqual(['SERVER  FINDING', 'mx-1    everyone can read fourteen entries of the Backup store', 'mx-2    none']);
  });

  it('breaks the last column on a narrow terminal', () => {
    const lines = renderTable(COLUMNS, ROWS, { ...PLAIN, width: 40 });
    expect(lines).toEqual(['SERVER  FINDING', 'mx-1    everyone can read fourteen', '        entries of the Backup store', 'mx-2    none']);
  });

  it('becomes blocks where columns no longer fit', () => {
    const lines = renderTable(COLUMNS, ROWS, { ...PLAIN, width: 30 });
    expect(lines.slice(0, 3)).toEqual(['SERVER   mx-1', 'FINDING  everyone can read', '         fourteen entries of']);
    expect(lines.every((line) => line.length <= 30)).toBe(true);
    expect(lines.slice(-2)).toEqual(['SERVER   mx-2', 'FINDING  none']);
  });

  it('lets no cell forge a line', () => {
    expect(renderTable(COLUMNS, [{ server: 'mx-1', message: 'a\nmx-9    all is well' }], { ...PLAIN, width: 30 }).join('\n')).not.toContain('\nmx-9');
  });
});

it('knows how wide a terminal is, and when nobody looks', () => {
  expect([widthFrom({ columns: 120, variable: undefined }), widthFrom({ columns: undefined, variable: undefined }), widthFrom({ columns: 120, variable: '60' }), widthFrom({ columns: 120, variable: 'wide' }), widthFrom({ columns: 5, variable: undefined })]).toEqual([120, null, 60, 120, 40]);
});

it('breaks between words and never within one', () => {
  expect(wrapped('a path /var/opt/kaspersky/klms is long', 12)).toEqual(['a path', '/var/opt/kaspersky/klms', 'is long']);
  expect(wrapped('', 12)).toEqual(['']);
});
