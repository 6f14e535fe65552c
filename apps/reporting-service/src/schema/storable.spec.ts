import { describe, expect, it } from 'vitest';
import { holdsNul } from './storable.js';

describe('text that the database can keep', () => {
  it('finds a NUL wherever it stands, and takes nothing else for one', () => {
    for (const value of ['\0', 'a\0b', { a: ['\0'] }, { '\0': 1 }, '\\\0', ['\\\\\0']]) expect(holdsNul(value)).toBe(true);
    for (const value of ['', '\\u0000', { a: '\\\\u0000' }, null, undefined, 0, '\u0001']) expect(holdsNul(value)).toBe(false);
  });
});
