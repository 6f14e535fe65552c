import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeSealingKey, openSealed, sealFor } from './sealed-box.js';

const FOR = 'mailwarden/test/v1';
const { sealing, opening } = makeSealingKey();

describe('a sealed box', () => {
  it('is read by the holder of the other half, whatever is in it', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => openSealed(opening, FOR, sealFor(sealing, FOR, bytes))?.equals(Buffer.from(bytes)) === true));
  });

  it('is never the same twice, and shows nothing of what is in it', () => {
    const [one, other] = [sealFor(sealing, FOR, Buffer.from('a text of an agreement')), sealFor(sealing, FOR, Buffer.from('a text of an agreement'))];
    expect(one.equals(other)).toBe(false);
    expect(one.includes('agreement')).toBe(false);
  });

  it('is read by no other key, for no other purpose, and not after any bit was changed', () => {
    const box = sealFor(sealing, FOR, Buffer.from('text'));
    expect(openSealed(makeSealingKey().opening, FOR, box)).toBeNull();
    expect(openSealed(opening, 'mailwarden/other/v1', box)).toBeNull();
    for (let at = 0; at < box.length; at += 1) {
      const changed = Buffer.from(box);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(openSealed(opening, FOR, changed)).toBeNull();
    }
  });

  it('that is none is not read, and makes nothing fall', () => {
    for (const rubbish of [Buffer.alloc(0), Buffer.alloc(59), Buffer.alloc(60), Buffer.alloc(1_000, 7)]) expect(openSealed(opening, FOR, rubbish)).toBeNull();
    expect(openSealed('no key', FOR, sealFor(sealing, FOR, Buffer.from('text')))).toBeNull();
    expect(() => sealFor('short', FOR, Buffer.from('text'))).toThrow(/32 bytes/);
  });
});
