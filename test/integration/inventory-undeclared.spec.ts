import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseProfile, type Profile } from '@mailwarden/catalogue';
import { foundBy, FULL_SPEED, lookForUndeclared, makePace, withHost, type Look, type LookTerms } from '@mailwarden/inventory-fs';
import type { ProfileId } from '@mailwarden/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRoot, ONLY_ROOT } from './only-root.js';

const [KLUSER, POSTFIX, PERSON] = [61_001, 61_002, 61_003];
const KLMS = 'kaspersky-klms-8' as ProfileId;
const DAY_SECONDS = 86_400;
const LETTER = 'Received: from a.example by b.example; Tue, 24 Nov 2026 10:00:00 +0000\nMessage-ID: <1@a.example>\nFrom: anna@a.example\nTo: bert@b.example\nSubject: secret\n\nbody\n';

let root: string;
let profiles: Profile[];

function put(path: string, { content = LETTER, uid = 0, mode = 0o644, ageDays = 0 } = {}): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  chownSync(file, uid, uid);
  chmodSync(file, mode);
  utimesSync(file, Date.now() / 1000 - ageDays * DAY_SECONDS, Date.now() / 1000 - ageDays * DAY_SECONDS);
}
const look = (before: Look | null = null, part: Partial<LookTerms> = {}): Promise<Look> =>
  withHost(root, { databases: {} }, (host) => lookForUndeclared(host, profiles, before, { pace: makePace(FULL_SPEED), entriesMax: 1_000_000, nowMs: Date.now(), excluded: [], ...part }));
const told = (at: Look, profile = KLMS): unknown => {
  const found = foundBy(at, profile);
  return found.known ? found.value.map(({ kind, place, items }) => `${items} ${kind} ${place}`) : found.reason;
};

function shipped(id: string): Profile {
  const parsed = parseProfile(readFileSync(new URL(`../../libs/catalogue/profiles/${id}.yaml`, import.meta.url), 'utf8'));
  if (!parsed.ok) throw new Error(`the profile ${id} cannot be read`);
  return parsed.value;
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mailwarden-undeclared-'));
  chmodSync(root, 0o755);
  mkdirSync(join(root, 'etc'));
  writeFileSync(join(root, 'etc/passwd'), `root:x:0:0::/:/\nkluser:x:${KLUSER}:${KLUSER}::/:/\npostfix:x:${POSTFIX}:${POSTFIX}::/:/\nanna:x:${PERSON}:${PERSON}::/home/anna:/\n`);
  profiles = [KLMS, 'postfix'].map(shipped);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe.runIf(isRoot)(`data that no store covers${ONLY_ROOT}`, () => {
  it("is told of each product's accounts, and neither of stores, of the super-user nor of persons", async () => {
    put('var/opt/kaspersky/klms/backup/1', { uid: KLUSER });
    put('srv/copy/1', { uid: KLUSER, content: 'x', mode: 0o600 });
    put('srv/copy/2', { uid: KLUSER, content: 'x', mode: 0o600 });
    put('srv/copy/empty', { uid: KLUSER, content: '', mode: 0o600 });
    put('home/anna/kept', { uid: KLUSER, content: 'x', mode: 0o600 });
    put('var/lib/other/x', { uid: POSTFIX, content: 'x', mode: 0o600 });
    put('var/tmp/of-root', { content: 'x' });
    put('var/tmp/of-anna', { uid: PERSON, content: 'x' });
    put('dev/shm/x', { uid: KLUSER });
    put('var/lib/docker/overlay2/a/x', { uid: KLUSER });
    const at = await look();
    expect(told(at)).toEqual(['1 account-files /home', '2 account-files /srv']);
    expect(told(at, 'postfix' as ProfileId)).toEqual(['1 account-files /var/lib']);
  });

  it('is letters that everyone may read, lately written, and nothing that only resembles them', async () => {
    put('var/tmp/x/1');
    put('anna/2', { uid: PERSON });
    put('var/tmp/old', { ageDays: 40 });
    put('var/tmp/mine', { mode: 0o640 });
    put('var/tmp/note', { content: 'From: a\nTo: b\nSubject: c\nDate: d\nplain text, no letter, however many words it may have\n' });
    put('srv/closed/deep/3');
    chmodSync(join(root, 'srv/closed'), 0o750);
    put('usr/share/doc/mail/example.eml');
    put('home/anna/letter', { uid: PERSON });
    put('srv/app/test/letter.eml');
    put('var/spool/postfix/maildrop/4');
    spawnSync('mkfifo', [join(root, 'var/tmp/pipe')]);
    symlinkSync('/etc/passwd', join(root, 'var/tmp/link'));
    expect(told(await look())).toEqual(['1 mail-like /var/tmp', '1 mail-like other']);
    expect(JSON.stringify(foundBy(await look(), KLMS))).not.toMatch(/anna|old|srv\/closed/);
  });

  it('is never what the super-user owns, also where a profile names him; letters of nobody are told by the profile of the host', async () => {
    profiles = [{ ...shipped(KLMS), accounts: { service: 'root', others: ['kluser'], groups: [], source: null } }, shipped('linux-host')];
    put('srv/of-root', { content: 'x' });
    put('srv/of-kluser', { content: 'x', uid: KLUSER });
    put('srv/letter');
    const at = await look();
    expect(told(at)).toEqual(['1 account-files /srv']);
    expect(told(at, 'linux-host' as ProfileId)).toEqual(['1 mail-like /srv']);
  });

  it('leaves no trace of reading in the times of a file', async () => {
    put('var/tmp/1');
    const before = statSync(join(root, 'var/tmp/1')).atimeMs;
    utimesSync(join(root, 'var/tmp/1'), before / 1000 - 2 * DAY_SECONDS, before / 1000 - DAY_SECONDS);
    const set = statSync(join(root, 'var/tmp/1')).atimeMs;
    expect(told(await look())).toEqual(['1 mail-like /var/tmp']);
    expect(statSync(join(root, 'var/tmp/1')).atimeMs).toBe(set);
  });

  it('does not look into what is excluded, on another file system, or mounted twice', async () => {
    put('srv/left-out/1');
    put('srv/again/1');
    mkdirSync(join(root, 'mnt/proc'), { recursive: true });
    mkdirSync(join(root, 'mnt/same'), { recursive: true });
    spawnSync('mount', ['-t', 'proc', 'proc', join(root, 'mnt/proc')]);
    const bound = spawnSync('mount', ['--bind', join(root, 'srv/again'), join(root, 'mnt/same')]);
    expect(bound.status, bound.stderr.toString()).toBe(0);
    try {
      const at = await look(null, { excluded: ['/srv/left-out'] });
      expect(told(at)).toEqual(['1 mail-like /srv']);
      expect(at.entries).toBeLessThan(100);
    } finally {
      for (const mount of ['mnt/proc', 'mnt/same']) spawnSync('umount', ['-l', join(root, mount)]);
    }
  });
});

describe.runIf(isRoot)(`a look in rounds${ONLY_ROOT}`, () => {
  it('goes on where the round before ended, whatever came and went, counts nothing twice, and says so until it was everywhere', async () => {
    const folders = ['srv/a', 'srv/a/x', 'srv/b', 'srv/b/m', 'srv/b/m/n', 'srv/c', 'var/lib/z', 'opt/q'];
    for (const folder of folders) for (let index = 0; index < 5; index += 1) put(`${folder}/${index}`, { uid: KLUSER, content: 'x', mode: 0o600 });
    const whole = await look();
    expect(told(whole)).toEqual(['5 account-files /opt', '30 account-files /srv', '5 account-files /var/lib']);
    let at = await look(null, { entriesMax: 1 });
    let rounds = 1;
    while (at.after !== null) {
      expect(told(at)).toMatch(/^the look at this host is not finished: \d+ entries so far; the next scan goes on there$/);
      if (at.after === '/srv/b/m') rmSync(join(root, 'srv/b/m'), { recursive: true });
      rounds += 1;
      expect(rounds).toBeLessThan(50);
      at = await look(at, { entriesMax: 1 });
    }
    expect(rounds).toBeGreaterThan(8);
    // Each round looks again at the folders that lead to where it goes on, and at no others.
    expect(at.entries).toBeLessThan(3.5 * whole.entries);
    expect(told(at)).toEqual(['5 account-files /opt', '25 account-files /srv', '5 account-files /var/lib']);
  });

  it('ends with its time', async () => {
    put('srv/a/1', { uid: KLUSER });
    put('var/b/1', { uid: KLUSER });
    const at = await look(null, { pace: makePace({ ...FULL_SPEED, deadlineMs: Date.now() - 1 }) });
    expect(at.after).not.toBeNull();
    expect(foundBy(at, KLMS).known).toBe(false);
  });
});
