import { randomBytes } from 'node:crypto';
import { brotliCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { packed, unpacked, UNPACKED_BYTES_MAX } from './packed.js';

const back = async (bytes: Uint8Array | null): Promise<string | null> => (bytes === null ? null : Buffer.from(await unpacked(bytes)).toString('utf8'));
const marked = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([1]), brotliCompressSync(bytes)]);

describe('a text for the wire', () => {
  it('comes back as it was, short or long', async () => {
    for (const sample of ['', '{}', `["${'ü'.repeat(100)}"]`, JSON.stringify(Array.from({ length: 20_000 }, (_, n) => ({ server: `mx-${n}`, state: 'granted' })))]) expect(await back(await packed(sample))).toBe(sample);
    expect(await packed('{}')).toEqual(Buffer.from('{}'));
  });

  it('takes little room where it says much the same, also over long stretches', async () => {
    const policy = Array.from({ length: 1_500 }, () => randomBytes(24).toString('hex')).join('\n');
    const versions = JSON.stringify(Array.from({ length: 20 }, (_, n) => `${policy}\n# version ${n}`));
    expect(versions.length).toBeGreaterThan(1_400_000);
    expect(await back(await packed(versions))).toBe(versions);
  });

  it('is not sent where it is larger than a message may be, packed or unpacked', async () => {
    expect(await packed(randomBytes(300_000).toString('hex'))).toBeNull();
    expect(await packed('x'.repeat(UNPACKED_BYTES_MAX + 1))).toBeNull();
  });

  it('is not unpacked beyond its limit, and not at all where it is broken', async () => {
    const bomb = marked(Buffer.alloc(UNPACKED_BYTES_MAX + 1));
    expect(await unpacked(bomb)).toBe(bomb);
    const cut = marked(randomBytes(100_000)).subarray(0, 60);
    expect(await unpacked(cut)).toBe(cut);
    expect((await unpacked(marked(Buffer.alloc(UNPACKED_BYTES_MAX)))).length).toBe(UNPACKED_BYTES_MAX);
  });
});
