import { expect, it } from 'vitest';
import { asFailure, failureOf } from './failure.js';
import { wholeId } from './questions.js';

it('says what the service refused without the marks of its reader', () => {
  expect(failureOf(400, { type: 'about:blank', title: 'Request not understood', status: 400, detail: '✖ Too small\n  → at reason' }).detail).toBe('Too small at reason');
});

it('takes a broken id for an address that leads nowhere', () => {
  const id = '0f8fad5b-d9cb-469f-a165-70867728950e';
  expect(wholeId(id, 'finding')).toBe(id);
  for (const broken of ['nope', '', `${id}0`, '../../etc']) {
    try {
      expect.unreachable(wholeId(broken, 'finding'));
    } catch (cause) {
      expect(asFailure(cause)).toMatchObject({ kind: 'missing', detail: 'There is no finding of this id.' });
    }
  }
});
