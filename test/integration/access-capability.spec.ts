import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseProfile, type Profile } from '@mailwarden/catalogue';
import type { StoreObservation } from '@mailwarden/contracts';
import { measureHost } from '@mailwarden/inventory-fs';
import type { ServerName } from '@mailwarden/kernel';
import { eventually } from '@mailwarden/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missingForIdentities } from './access-identities.js';

const MISSING = missingForIdentities();
const UID = 60_004;
const HOLDER_MS_MAX = 60_000;

let folder: string;
let profile: Profile;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mailwarden-capability-'));
  mkdirSync(join(folder, 'store'), { mode: 0o700 });
  writeFileSync(join(folder, 'store/letter'), 'x', { mode: 0o600 });
  chmodSync(folder, 0o755);
  const parsed = parseProfile(`schema: mailwarden/profile/v1
id: closed
product: { name: Closed, vendor: None, versions: "*" }
sources: { here: { title: This test, url: null, date: null, kind: general } }
accounts: { service: root, groups: [] }
services: []
stores:
  - { id: letters, section: Letters, kind: files, directories: null, files: [ "${folder}/store/**" ], data-categories: null, duration: not-stated, protection: { accounts: [ root ], groups: [], source: here }, rotatable: false }
`);
  if (!parsed.ok) throw new Error(parsed.error.map(({ message }) => message).join('\n'));
  profile = parsed.value;
});
afterAll(() => rmSync(folder, { recursive: true }));

async function seen(): Promise<StoreObservation['access'] | undefined> {
  const { stores } = await measureHost({ root: '/', profile, hostSettings: { databases: {} }, server: 'host-1' as ServerName, hashKey: null, bundleVersion: null, afterOrder: null, now: Date.now });
  return stores[0]?.access;
}

/** A process of another account that may read what it likes, and does nothing. */
function holder(capability: string): ChildProcess {
  const wanted = `+${capability}`;
  return spawn('/usr/bin/setpriv', [`--reuid=${UID}`, `--regid=${UID}`, '--clear-groups', `--inh-caps=${wanted}`, `--ambient-caps=${wanted}`, '/usr/bin/sleep', String(HOLDER_MS_MAX / 1_000)], { stdio: 'ignore', env: {}, cwd: '/' });
}

/** By then it has become the other account. */
const isAsleep = ({ pid }: ChildProcess): true | undefined => readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'sleep' || undefined;

describe('a running process that passes over the rights of files', () => {
  it.runIf(MISSING === null)(`lets its account into a closed store as long as it runs${MISSING === null ? '' : ` (skipped: ${MISSING})`}`, async () => {
    const ours = (access: StoreObservation['access'] | undefined) => access?.breaches.filter(({ account }) => account === `uid ${UID}`);
    expect(ours(await seen())).toEqual([]);
    const child = holder('dac_read_search');
    try {
      await eventually('the process runs as another account', HOLDER_MS_MAX / 2, async () => isAsleep(child));
      expect(ours(await seen())).toMatchObject([{ kind: 'capability', read: true, write: false, items: 2, because: 'a process of this account runs with CAP_DAC_READ_SEARCH, which reads every file' }]);
    } finally {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    }
    expect(ours(await seen())).toEqual([]);
  }, HOLDER_MS_MAX);
});
