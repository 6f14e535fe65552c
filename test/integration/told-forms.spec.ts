import { describe, expect, it } from 'vitest';
import { formsOf } from './told-forms.js';

const WORD = 'annaperson';
const forms = formsOf([WORD]);
const AROUND = ['', 'x', 'xy', 'xyz', '\u0000', 'ä'];

describe('a word that is looked for in what is told', () => {
  it('is found in every form, whatever stands around it', () => {
    for (const before of AROUND) {
      for (const after of AROUND) {
        for (const spelt of [WORD, 'Annaperson', 'ANNAPERSON']) {
          const bytes = Buffer.from(`${before}${spelt}${after}`);
          for (const told of [bytes.toString('utf8'), bytes.toString('base64'), bytes.toString('base64url'), bytes.toString('hex'), bytes.toString('hex').toUpperCase(), `\\x${bytes.toString('hex')}`]) expect(forms.test(told), told).toBe(true);
        }
      }
    }
  });

  it('is not found where it is not', () => {
    expect(forms.test(`${Buffer.from('another word').toString('base64')} another ${Buffer.from('another word').toString('hex')}`)).toBe(false);
  });
});
