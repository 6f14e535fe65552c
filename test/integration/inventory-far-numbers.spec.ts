import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { undeclaredData } from '@mailwarden/contracts';
import { UndeclaredTally } from '@mailwarden/inventory';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { byStore, items, observed } from './hostile-host.js';

/** A file system in memory keeps moments and sizes that no disk of this machine would. */
const IN_MEMORY = '/dev/shm';
/** Units: seconds since 1970; three million years before and after. */
const FAR_SECONDS = 99_999_999_999_999;
/** The largest file that the kernel knows. Units: bytes. */
const LARGEST_BYTES = 2 ** 63 - 4_096;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(IN_MEMORY, 'mailwarden-far-'));
  for (const folder of ['etc', 'spool']) mkdirSync(join(root, folder));
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/:\n');
  writeFileSync(join(root, 'spool/real'), 'x');
});
afterEach(() => rmSync(root, { recursive: true }));

const measured = async () => byStore(await observed(root, { mail: '/spool/**' }))['mail'];

it.each([FAR_SECONDS, -FAR_SECONDS])('a file of a moment that no calendar has does not end the scan: %d', async (seconds) => {
  writeFileSync(join(root, 'spool/far'), 'x');
  execFileSync('/usr/bin/touch', ['-d', `@${seconds}`, join(root, 'spool/far')]); // Node itself cannot.
  expect(statSync(join(root, 'spool/far')).mtimeMs).toBe(seconds * 1_000);
  expect(items(await measured())).toBe(2);
});

it('files that claim to hold more than can be counted do not make the observation worthless', async () => {
  execFileSync('/usr/bin/truncate', ['-s', String(2n ** 63n - 4_096n), join(root, 'spool/huge')]);
  const mail = await measured();
  expect([items(mail), mail?.bytesApparent.known, mail?.bytesAllocated.known]).toEqual([2, false, true]);
});

it('what is found outside of stores is told in numbers that every reader takes', () => {
  const tally = new UndeclaredTally();
  tally.add('account-files', { path: '/tmp/x', size: LARGEST_BYTES, mtimeMs: FAR_SECONDS * 1_000 });
  const [found] = tally.list();
  expect(undeclaredData.parse(found)).toMatchObject({ items: 1, place: '/tmp', newestAt: '9999-12-31T23:59:59.999Z', bytes: Number.MAX_SAFE_INTEGER });
});
