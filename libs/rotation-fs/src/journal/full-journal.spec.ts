import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { Journal } from './journal.js';

const disk = vi.hoisted(() => ({ full: false }));
/** What the last block still has room for. Units: bytes. */
const ROOM = 40;
vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>();
  const writeSync = (fd: number, bytes: Buffer, offset: number): number => {
    if (!disk.full) return real.writeSync(fd, bytes, offset);
    if (offset === 0) return real.writeSync(fd, bytes, 0, ROOM);
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  };
  return { ...real, writeSync };
});

let dir: string;
afterEach(() => {
  disk.full = false;
  rmSync(dir, { recursive: true });
});

it('keeps no half of a line that a full disk cut short, and takes nothing more in that run', () => {
  dir = mkdtempSync(join(tmpdir(), 'mailwarden-journal-'));
  const id = randomUUID();
  const journal = Journal.open(dir, id);
  journal.write({ kind: 'deleted', items: 1, bytes: 1 });
  disk.full = true;
  expect(() => journal.write({ kind: 'deleted', items: 2, bytes: 2 })).toThrow(/cannot be written to \(ENOSPC.*the order stops here, stays open/);
  disk.full = false;
  expect(() => journal.write({ kind: 'deleted', items: 3, bytes: 3 })).toThrow('ENOSPC');
  expect(journal.records).toEqual([{ kind: 'deleted', items: 1, bytes: 1 }]);
  journal.close();
  const again = Journal.open(dir, id);
  expect(again.records).toEqual([{ kind: 'deleted', items: 1, bytes: 1 }]);
  again.write({ kind: 'deleted', items: 4, bytes: 4 });
  again.close();
});
