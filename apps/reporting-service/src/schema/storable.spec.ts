import { describe, expect, it } from 'vitest';
import { whatCannotBeKept } from './storable.js';

describe('text that can be kept and signed', () => {
  it('finds a NUL wherever it stands, and takes nothing else for one', () => {
    for (const value of ['\0', 'a\0b', { a: ['\0'] }, { '\0': 1 }, '\\\0', ['\\\\\0']]) expect(whatCannotBeKept(value)).toBe('a NUL character');
    for (const value of ['', '\\u0000', { a: '\\\\u0000' }, null, undefined, 0, '\u0001']) expect(whatCannotBeKept(value)).toBeNull();
  });

  it('finds half of a pair, and lets whole ones through', () => {
    for (const value of ['\ud83d', 'a\udc00b', { a: ['\udfff'] }, '\\\ud800']) expect(whatCannotBeKept(value)).toMatch(/surrogate/);
    for (const value of ['\u{1f4e8}', '\\ud83d', '\ud7ff', '\ue000']) expect(whatCannotBeKept(value)).toBeNull();
  });
});
