import { expect, it } from 'vitest';
import { diffText } from './diff-text.js';
import { PLAIN } from './terminal.js';

const NAMES = { before: 'cap, as it stands', after: 'cap, as given' };
const lines = (count: number, changed: readonly number[] = []): string => `${Array.from({ length: count }, (_, index) => (changed.includes(index) ? `changed ${index}` : `line ${index}`)).join('\n')}\n`;

it('shows what changes with the lines around it, in the form that patch reads', () => {
  expect(diffText(lines(20), lines(20, [1, 15]), NAMES, PLAIN)).toEqual([
    '--- cap, as it stands', '+++ cap, as given',
    '@@ -1,5 +1,5 @@', ' line 0', '-line 1', '+changed 1', ' line 2', ' line 3', ' line 4',
    '@@ -13,7 +13,7 @@', ' line 12', ' line 13', ' line 14', '-line 15', '+changed 15', ' line 16', ' line 17', ' line 18',
  ]);
});

it('says nothing where nothing differs, and shows a new policy whole', () => {
  expect(diffText('a\n', 'a\n', NAMES, PLAIN)).toEqual([]);
  expect(diffText('', 'a\nb\n', NAMES, PLAIN).slice(2)).toEqual(['@@ -0,0 +1,2 @@', '+a', '+b']);
});

it('lets no text of a policy move the cursor', () => {
  expect(diffText('', 'reason: "\u001b[2J"\n', NAMES, PLAIN).join('\n')).not.toContain('\u001b');
});
