import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { packed, unpacked, UNPACKED_BYTES_MAX } from './packed.js';

const text = async (bytes: Uint8Array): Promise<string> => Buffer.from(await unpacked(bytes)).toString('utf8');

describe('a text for the wire', () => {
  it('comes back as it was, short or long, and a long one is small on the way', async () => {
    for (const sample of ['', '{}', `["${'ü'.repeat(100)}"]`, JSON.stringify(Array.from({ length: 20_000 }, (_, n) => ({ server: `mx-${n}`, state: 'granted' })))]) expect(await text(await packed(sample))).toBe(sample);
    expect((await packed('x'.repeat(1_000_000))).length).toBeLessThan(10_000);
    expect(await packed('{}')).toEqual(Buffer.from('{}'));
  });

  it('is not unpacked beyond its limit, and not at all where it is broken', async () => {
    const bomb = gzipSync(Buffer.alloc(UNPACKED_BYTES_MAX + 1));
    expect(await unpacked(bomb)).toBe(bomb);
    const cut = (await packed('y'.repeat(100_000))).subarray(0, 60);
    expect(await unpacked(cut)).toBe(cut);
    const fits = gzipSync(Buffer.alloc(UNPACKED_BYTES_MAX));
    expect((await unpacked(fits)).length).toBe(UNPACKED_BYTES_MAX);
  });
});
