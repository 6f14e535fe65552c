import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readGuardedBytes } from './guarded-bytes.js';
import { readGuarded } from './guarded-file.js';
import { loadHostSettings } from './host-settings.js';
import { loadProfiles, readProfileFile } from './profile-files.js';
import { loadTrust } from './trust-file.js';

const isRoot = process.getuid?.() === 0;

const HOST = ['schema: mailwarden/host/v1', 'databases:', '  events: { host: /run/product, port: 5432, name: events, user: watcher, password-file: /etc/mailwarden/password }', ''].join('\n');
const LIMIT = 65_536;
const STRANGER = 54_321;
const SWAPS = 3_000;

let root: string;
let folder: string;
let file: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mailwarden-guarded-'));
  folder = join(root, 'etc/mailwarden');
  file = join(folder, 'host.yaml');
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
});
afterEach(() => rmSync(root, { recursive: true }));

function write(content = HOST, mode = 0o644): void {
  writeFileSync(file, content);
  chmodSync(file, mode);
}

describe('a file that is acted on', () => {
  it('is read when only its owner can have written it, and may be missing', async () => {
    expect(await readGuarded(file, LIMIT)).toBeNull();
    write();
    expect(await readGuarded(file, LIMIT)).toBe(HOST);
    chmodSync(file, 0o600);
    expect(await readGuarded(file, LIMIT)).toBe(HOST);
  });

  it.each([0o664, 0o646, 0o666, 0o777, 0o620, 0o602])('is refused when others may write it: %o', async (mode) => {
    write(HOST, mode);
    await expect(readGuarded(file, LIMIT)).rejects.toThrow(`chmod go-w ${file}`);
  });

  it.runIf(isRoot)(`is refused when it belongs to another account${isRoot ? '' : ' (skipped: giving a file away needs the super-user)'}`, async () => {
    write();
    chownSync(file, STRANGER, STRANGER);
    await expect(readGuarded(file, LIMIT)).rejects.toThrow(`chown root ${file}`);
  });

  it.each([0o777, 0o775, 0o757, 0o770])('is refused when its folder lets others than its owner replace it, unless only their own: %o', async (mode) => {
    write();
    chmodSync(folder, mode);
    await expect(readGuarded(file, LIMIT)).rejects.toThrow(`chmod go-w ${folder}`);
    chmodSync(folder, 0o1000 | mode);
    expect(await readGuarded(file, LIMIT)).toBe(HOST);
  });

  it.runIf(isRoot).each([0o755, 0o700, 0o1755])(`is refused when its folder belongs to another account: %o${isRoot ? '' : ' (skipped: giving a folder away needs the super-user)'}`, async (mode) => {
    write();
    chownSync(folder, STRANGER, STRANGER);
    chmodSync(folder, mode);
    await expect(readGuarded(file, LIMIT)).rejects.toThrow(`the folder of ${file} belongs to another account; run: chown root ${folder}`);
  });

  it('is refused as a secret when others may read it', async () => {
    write(HOST, 0o640);
    expect(await readGuardedBytes(file, LIMIT)).toHaveLength(HOST.length);
    await expect(readGuardedBytes(file, LIMIT, 'owner')).rejects.toThrow(`chmod 600 ${file}`);
    chmodSync(file, 0o600);
    expect(await readGuardedBytes(file, LIMIT, 'owner')).toHaveLength(HOST.length);
  });

  it('is refused when it is a link, a folder or a pipe, without waiting for one', async () => {
    writeFileSync(join(root, 'elsewhere'), HOST);
    symlinkSync(join(root, 'elsewhere'), file);
    await expect(readGuarded(file, LIMIT)).rejects.toThrow('is a link; put the file itself there');
    rmSync(file);
    symlinkSync('nowhere', file);
    await expect(readGuarded(file, LIMIT)).rejects.toThrow('is a link');
    rmSync(file);
    mkdirSync(file);
    await expect(readGuarded(file, LIMIT)).rejects.toThrow('not a regular file');
    rmSync(file, { recursive: true });
    execFileSync('mkfifo', [file]);
    await expect(readGuarded(file, LIMIT)).rejects.toThrow('not a regular file');
    await expect(readProfileFile(file)).rejects.toThrow('not a regular file');
  });

  it('is refused when it is too large, before it is read', async () => {
    write('');
    truncateSync(file, 5_000_000_000);
    await expect(readGuarded(file, LIMIT)).rejects.toThrow(`has 5000000000 bytes; the limit is ${LIMIT}`);
  });
});

describe('bytes of a file that is acted on', () => {
  it.runIf(isRoot)(`are those of the file that was looked at, however its folder's owner swaps names meanwhile${isRoot ? '' : ' (skipped: giving a file away needs the super-user)'}`, async () => {
    write('of root');
    const [own, kept] = [join(root, 'own'), join(root, 'kept')];
    writeFileSync(own, 'of a stranger');
    chownSync(own, STRANGER, STRANGER);
    const read: Promise<string>[] = [];
    for (let tries = 0; tries < SWAPS; tries += 1) {
      read.push(readGuardedBytes(file, LIMIT).then((bytes) => bytes.toString('utf8'), () => 'refused'));
      await new Promise(setImmediate);
      renameSync(file, kept);
      renameSync(own, file);
      await new Promise(setImmediate);
      renameSync(file, own);
      renameSync(kept, file);
    }
    const seen = new Set(await Promise.all(read));
    expect([...seen].sort()).toEqual(['of root', 'refused']);
  });
});

describe('what only this host knows', () => {
  it('is read from its file, and is nothing without one', async () => {
    expect(await loadHostSettings(root)).toEqual({ databases: {} });
    write();
    expect(await loadHostSettings(root)).toEqual({ databases: { events: { host: '/run/product', port: 5432, name: 'events', user: 'watcher', passwordFile: '/etc/mailwarden/password', passwordBelow: root } } });
    write('schema: mailwarden/host/v1\ndatabases:\n  history: { host: /run/redis.sock }\n  log: { file: /srv/log.db }\n');
    expect(await loadHostSettings(root)).toEqual({ databases: { history: { host: '/run/redis.sock', port: 0, name: 'history', user: '', passwordFile: null } }, databaseFiles: { log: '/srv/log.db' } });
    write('schema: mailwarden/host/v1\nkernel: this\n');
    expect(await loadHostSettings(root)).toMatchObject({ kernel: 'this' });
  });

  it.each([
    ['', 'the file is empty'],
    ['schema: mailwarden/host/v1\nkernel: that\n', 'host.yaml:2:'],
    ['schema: other\n', 'host.yaml:1:'],
    ['schema: mailwarden/host/v1\ndatabases: { events: { host: x, port: 0, name: a, user: b } }\n', 'host.yaml:2:'],
    ['schema: mailwarden/host/v1\ndatabases: { a: { file: relative.db } }\n', 'host.yaml:2:'],
    ['schema: mailwarden/host/v1\ndatabases: { a: { file: /a.db, host: x } }\n', 'host.yaml:2:'],
    ['schema: mailwarden/host/v1\ndatabases: { "a-b": { host: x, port: 1, name: a, user: b } }\n', 'host.yaml:2:'],
    ['schema: mailwarden/host/v1\ndatabases: { a: { host: x, port: 1, name: a, user: b, password-file: relative } }\n', 'host.yaml:2:'],
    ['schema: mailwarden/host/v1\ndatabases: { a: { host: x, port: 1, name: a, user: b, password: secret } }\n', 'host.yaml:2:'],
    ['schema: mailwarden/host/v1\nmore: 1\n', 'host.yaml:'],
    ['schema: &a mailwarden/host/v1\ndatabases: *a\n', 'host.yaml:1:'],
    ['\0\0\0', 'host.yaml:1:'],
  ])('is refused when the file is wrong, with the line: %j', async (content, expected) => {
    write(content);
    await expect(loadHostSettings(root)).rejects.toThrow(expected);
  });

  it('is refused when others could have written it', async () => {
    write(HOST, 0o666);
    await expect(loadHostSettings(root)).rejects.toThrow('chmod go-w');
  });
});

describe('profiles of an operator', () => {
  it('are refused like every file that is acted on, by name', async () => {
    const profiles = join(root, 'profiles');
    mkdirSync(profiles);
    chmodSync(profiles, 0o755);
    const shipped = (await loadProfiles({})).size;
    writeFileSync(join(profiles, 'notes.txt'), 'no profile');
    expect((await loadProfiles({ extraDir: profiles })).size).toBe(shipped);
    writeFileSync(join(profiles, 'own.yaml'), 'schema: nothing\n');
    await expect(loadProfiles({ extraDir: profiles })).rejects.toThrow(`see: mailwarden profile lint ${join(profiles, 'own.yaml')}`);
    chmodSync(join(profiles, 'own.yaml'), 0o666);
    await expect(loadProfiles({ extraDir: profiles })).rejects.toThrow('chmod go-w');
    await expect(loadProfiles({ extraDir: join(root, 'absent') })).rejects.toThrow('ENOENT');
  });

  it('are read no further than anyone looks', async () => {
    write('');
    truncateSync(file, 5_000_000_000);
    expect((await readProfileFile(file)).length).toBe(300_000);
  });
});

describe('trust anchors', () => {
  it.each(['', 'not JSON', '{}', '[]', 'null'])('that are none are told with their file: %j', async (content) => {
    write(content);
    await expect(loadTrust(file)).rejects.toThrow(`${file} holds no trust anchors`);
  });
});
