import { expect, it } from 'vitest';
import { policyDocuments } from './policy-documents.js';

it('takes the policies of a text one by one, each with the line where it begins', () => {
  const text = '# caps\n---\nname: a\nreason: "---"\n---\n\n# nothing here\n--- # and another\nname: b\n';
  expect(policyDocuments(text)).toEqual([
    { text: 'name: a\nreason: "---"\n', line: 3 },
    { text: 'name: b\n', line: 9 },
  ]);
});

it('finds none in a text that says nothing, and one where no marker is', () => {
  expect(policyDocuments('')).toEqual([]);
  expect(policyDocuments('---\n# a comment\n')).toEqual([]);
  expect(policyDocuments('name: a\r\nmode: observe')).toEqual([{ text: 'name: a\nmode: observe\n', line: 1 }]);
});

it('does not end a policy at an indented or longer line of dashes', () => {
  expect(policyDocuments('reason: |\n  ---\n  x\n----: 1\n')).toHaveLength(1);
});
