import { expect, it } from 'vitest';
import { exactText } from './exact-text.js';

it('is the same bytes again, with the mark at their beginning, or none', () => {
  for (const bytes of [[], [0x61], [0xef, 0xbb, 0xbf, 0x61], [0xd1, 0x8f, 0x0d, 0x0a]]) expect([...Buffer.from(exactText(Uint8Array.from(bytes)) ?? '?', 'utf8')]).toEqual(bytes);
  for (const bytes of [[0x45, 0xe9], [0xff, 0xfe, 0x61, 0x00], [0xed, 0xa0, 0x80]]) expect(exactText(Uint8Array.from(bytes))).toBeNull();
});
