import { writeSync } from 'node:fs';
import { parseProfile } from '@mailwarden/catalogue';
import { measureHost } from '@mailwarden/inventory-fs';
import type { ServerName } from '@mailwarden/kernel';
import { readFileSync } from 'node:fs';

/**
 * One scan in a process of its own, as the agent does it: with memory of the scan before, kept in a folder.
 * Its clock runs two days ahead, so that the files of a tree that was just made are as old as most files of a mail server are.
 */
const AHEAD_MS = 2 * 86_400_000;
const [root = '', profileFile = '', folder = '', readAcls = 'yes'] = process.argv.slice(2);
const profile = parseProfile(readFileSync(profileFile, 'utf8'));
if (!profile.ok) throw new Error('the profile cannot be read');
const beganMs = performance.now();
const measured = await measureHost({
  root,
  profile: profile.value,
  hostSettings: { databases: {} },
  server: 'bench' as ServerName,
  hashKey: null,
  bundleVersion: null,
  afterOrder: null,
  now: () => Date.now() + AHEAD_MS,
  readAcls: readAcls === 'yes',
  memory: folder === '' ? null : { folder, fullEveryHours: 24 },
});
const ms = performance.now() - beganMs;
const sum = (of: (store: (typeof measured.stores)[number]) => number): number => measured.stores.reduce((total, store) => total + of(store), 0);
const files = sum(({ items }) => (items.known ? items.value : 0));
const bytes = sum(({ bytesApparent }) => (bytesApparent.known ? bytesApparent.value : 0));
writeSync(1, JSON.stringify({ work: `${files} files, ${bytes} bytes`, ms, effort: measured.effort }));
