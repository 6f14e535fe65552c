import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ASIDE_FILE, putAside } from './put-aside.js';

it('keeps a line for each, and takes no more than it may hold', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'mailwarden-aside-'));
  try {
    const aside = { at: '2026-03-01T08:00:00.000Z', subject: 'mw.event.x', streamSequence: 1, reason: 'why', original: 'AA==' };
    await putAside(dir, aside);
    await putAside(dir, aside);
    expect((await readFile(join(dir, ASIDE_FILE), 'utf8')).split('\n').slice(0, -1).map((line) => JSON.parse(line) as unknown)).toEqual([aside, aside]);
    await expect(putAside(dir, aside, 300)).rejects.toThrow('look at it, move it away');
    expect((await readFile(join(dir, ASIDE_FILE), 'utf8')).split('\n')).toHaveLength(3);
  } finally {
    await rm(dir, { recursive: true });
  }
});
