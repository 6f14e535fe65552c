import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { byStore, items, unknown, type Stores } from '../integration/hostile-host.js';
import { scanInProcess } from './scan-process.js';

const PLACE = 'var/spool/mail-store';
/** In each other: a walk holds each of them open while it is below. */
const FOLDERS = 100;
const FILES_PER_FOLDER = 5;
/** Node itself has about 25 open when it runs; the rest does not do for such a tree. */
const DESCRIPTORS = 64;
const PLENTY = 512;
const SUITE_MS = 60_000;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mailwarden-limits-'));
  for (const folder of ['etc', PLACE]) mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/:\n');
});
afterEach(() => rmSync(root, { recursive: true }));

describe('a process that may open few files', () => {
  it('tells what it could not look at, ends in order, and with more of them sees all', async () => {
    let folder = join(root, PLACE);
    for (let depth = 0; depth < FOLDERS; depth += 1) {
      folder = join(folder, 'd');
      mkdirSync(folder);
      for (let file = 0; file < FILES_PER_FOLDER; file += 1) writeFileSync(join(folder, `letter-${file}`), 'x');
    }
    const stores: Stores = { mail: `/${PLACE}/**` };
    const scan = (descriptors: number) => scanInProcess({ root, stores, terms: { threads: 1 } }, ['/usr/bin/prlimit', `--nofile=${descriptors}:${descriptors}`, '--']);
    const all = await scan(PLENTY);
    expect([items(byStore(all.observation)['mail']), await all.ended]).toEqual([FOLDERS * FILES_PER_FOLDER, 0]);
    const few = await scan(DESCRIPTORS);
    const { mail } = byStore(few.observation);
    expect(await few.ended).toBe(0);
    expect(unknown(mail)).toEqual(['part of the store: 1 places could not be read (io-error)']);
    expect(Number(items(mail))).toBeGreaterThan(0);
    expect(Number(items(mail))).toBeLessThan(FOLDERS * FILES_PER_FOLDER);
  }, SUITE_MS);
});
