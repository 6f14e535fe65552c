import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { assess } from '@mailwarden/assessment';
import { parseProfile, type Profile } from '@mailwarden/catalogue';
import { observation as observationForm, type Observation, type StoreObservation } from '@mailwarden/contracts';
import { measureHost } from '@mailwarden/inventory-fs';
import { instantOf, type ServerName } from '@mailwarden/kernel';
import { eventually } from '@mailwarden/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { logProgram, type LogProgram } from './log-programs.js';

const [LOGROTATE, RSYSLOGD, LOGGER] = [logProgram('logrotate'), logProgram('rsyslogd'), '/usr/bin/logger'];
const MISSING = LOGROTATE === null || RSYSLOGD === null || !existsSync(LOGGER);
/** Said in the title where the real programs are not at hand. */
const WITHOUT = MISSING ? ' (skipped: logrotate, rsyslog and logger are not here; bin/test integration fetches the first two)' : '';

const PROFILE = `schema: mailwarden/profile/v1
id: logs
product: { name: Logs, vendor: None, versions: "*" }
sources: { here: { title: This test, url: null, date: null, kind: general } }
accounts: { service: root, groups: [] }
services: []
stores:
  - { id: own, section: Own log, kind: log, directories: null, files: [ "/var/log/acme/**" ], active: [ "/var/log/acme/*.log" ], data-categories: null, duration: not-stated, protection: { accounts: null, source: null }, rotatable: true }
  - { id: mail, section: Mail log, kind: log, directories: null, system-log: { programs: [ "acme/*", acmed ] }, data-categories: null, duration: not-stated, protection: { accounts: null, source: null }, rotatable: false }
`;
const DAY_MS = 86_400_000;
/** Longest that a message takes from its sender to the disk. Units: milliseconds. */
const WRITTEN_MS_MAX = 20_000;

let root: string;
let running: ChildProcess[];
let profile: Profile;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mailwarden-rules-'));
  running = [];
  const parsed = parseProfile(PROFILE);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  profile = parsed.value;
  mkdirSync(join(root, 'var/log'), { recursive: true, mode: 0o755 });
});

afterEach(async () => {
  for (const child of running) {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    if (child.exitCode === null && child.kill('SIGTERM')) await ended;
  }
  rmSync(root, { recursive: true, force: true, maxRetries: 3 });
});

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
  chmodSync(join(root, path), 0o644);
}

/** The same configuration twice: as the host would have it, and with the tree in front of each path, for a program that runs beside it. */
function configured(path: string, text: string): string {
  put(path, text.replaceAll('@', ''));
  const beside = join(root, 'beside', path.replaceAll('/', '-'));
  mkdirSync(dirname(beside), { recursive: true });
  writeFileSync(beside, text.replaceAll('@', root), { mode: 0o644 });
  return beside;
}

/** Runs logrotate as its job would, and leaves its record where the host has it, with the paths that the host would have. */
function rotate({ program, env }: LogProgram, config: string, ...options: string[]): void {
  const state = join(root, 'beside/status');
  execFileSync(program, ['--state', state, ...options, config], { env: { ...env, PATH: '/usr/bin:/bin' }, stdio: 'pipe' });
  put('var/lib/logrotate/status', readFileSync(state, 'utf8').replaceAll(root, ''));
}

async function measured(): Promise<Observation> {
  return observationForm.parse(await measureHost({ root, profile, hostSettings: { databases: {} }, server: 'host-1' as ServerName, hashKey: null, bundleVersion: null, afterOrder: null, now: Date.now }));
}
const storeOf = (observation: Observation, id: string): StoreObservation => {
  const store = observation.stores.find((item) => item.id === id);
  if (store === undefined) throw new Error(`no store ${id}`);
  return store;
};
const codes = (observation: Observation, now: number): string[] => assess({ observation, profile, bundle: null, effective: [], now: instantOf(now) }).map(({ code, store }) => `${code} ${store ?? ''}`);

describe.skipIf(MISSING)(`the record of a real logrotate${WITHOUT}`, () => {
  it('says of each rule when it was carried out, and when that is too long ago', async () => {
    const config = configured('etc/logrotate.conf', 'weekly\nrotate 4\n"@/var/log/acme/*.log" {\n  daily\n  rotate 2\n  compress\n  create\n}\n');
    put('var/log/acme/a.log', 'one\n');
    put('var/log/acme/with "quotes" and blanks.log', 'two\n');
    if (LOGROTATE !== null) rotate(LOGROTATE, config, '--force');
    expect(readdirSync(join(root, 'var/log/acme')).sort()).toEqual(['a.log', 'a.log.1.gz', 'with "quotes" and blanks.log', 'with "quotes" and blanks.log.1.gz']);
    const seen = await measured();
    const [rule] = storeOf(seen, 'own').rotationRules ?? [];
    expect(rule).toMatchObject({ tool: 'logrotate', source: '/etc/logrotate.conf:3', says: 'daily, keeps 2, compresses', everySeconds: 86_400, lastRanAt: { known: true } });
    const ranMs = rule?.lastRanAt.known === true ? Date.parse(rule.lastRanAt.value) : 0;
    expect(Math.abs(Date.now() - ranMs)).toBeLessThan(3_600_000);
    expect(codes(seen, Date.now())).not.toContain('rotation-late own');
    expect(codes(seen, Date.now() + 3 * DAY_MS)).toContain('rotation-late own');
    expect(codes(seen, Date.now())).not.toContain('rotation-absent own');
  });

  it('counts by its own age where a log has a size to reach, and a log that is in no block is told', async () => {
    const config = configured('etc/logrotate.conf', '@/var/log/acme/a.log {\n  daily\n  minsize 1G\n}\n');
    put('var/log/acme/a.log', 'one\n');
    if (LOGROTATE !== null) rotate(LOGROTATE, config);
    const old = new Date(Date.now() - 5 * DAY_MS);
    utimesSync(join(root, 'var/lib/logrotate/status'), old, old);
    expect(codes(await measured(), Date.now())).toContain('rotation-late own');
    rmSync(join(root, 'etc/logrotate.conf'));
    expect(codes(await measured(), Date.now())).toContain('rotation-absent own');
  });
});

describe.skipIf(MISSING)(`the logs of a real rsyslogd${WITHOUT}`, () => {
  const CONFIG = `module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="@/log.sock")
$ActionFileDefaultTemplate RSYSLOG_TraditionalFileFormat
if $programname == 'acmed' then {
  action(type="omfile" file="@/var/log/acmed.log" template="RSYSLOG_SyslogProtocol23Format")
}
:programname, isequal, "never" @/var/log/never.log
& stop
*.*;auth,authpriv.none;mail.none  -@/var/log/syslog
mail.*                            -@/var/log/mail.log
mail.err    @/var/log/mail.err;RSYSLOG_FileFormat
`;

  async function started({ program, env, modules }: LogProgram): Promise<void> {
    const config = configured('etc/rsyslog.conf', CONFIG);
    running.push(spawn(program, ['-n', '-f', config, '-i', join(root, 'beside/pid'), '-M', modules], { env: { ...env, PATH: '/usr/bin:/bin' }, stdio: 'ignore' }));
    await eventually('the socket of rsyslogd', WRITTEN_MS_MAX, async () => existsSync(join(root, 'log.sock')) || undefined);
  }
  const log = (priority: string, tag: string, text: string): void => void execFileSync(LOGGER, ['--socket', join(root, 'log.sock'), '--priority', priority, '--tag', tag, '--id=812', text]);
  const lines = (path: string): string[] => (existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8').trimEnd().split('\n') : []);

  it('are read in each form that it writes, with the generations that logrotate makes of them', async () => {
    if (RSYSLOGD === null || LOGROTATE === null) return;
    await started(RSYSLOGD);
    for (let index = 0; index < 5; index += 1) log('mail.info', 'acme/smtpd', `message ${index}`);
    log('mail.info', 'other', 'of another product');
    log('mail.err', 'acme/qmgr', 'trouble');
    log('daemon.info', 'acmed', 'started');
    await eventually('every message in its log', WRITTEN_MS_MAX, async () => (['mail.log', 'mail.err', 'acmed.log', 'syslog'].map((name) => lines(`var/log/${name}`).length).join(' ') === '7 1 1 1' ? true : undefined));
    const expected = [...lines('var/log/mail.log').filter((line) => !line.includes('another')), ...lines('var/log/mail.err'), ...lines('var/log/acmed.log')];
    // By facility, messages of mail go nowhere else; what acmed writes as a daemon is found by its own rule.
    const before = storeOf(await measured(), 'mail');
    expect(before.inSystemLog).toMatchObject({ known: true, value: { files: 3, lines: expected.length, bytes: expected.join('\n').length + 1 } });
    expect(before.unknown).toEqual([]);
    const oldest = before.inSystemLog?.known === true ? Date.parse(before.inSystemLog.value.oldestAt ?? '') : 0;
    expect(Math.abs(Date.now() - oldest)).toBeLessThan(120_000);

    const config = configured('etc/logrotate.conf', '@/var/log/mail.log {\n  weekly\n  rotate 4\n  compress\n  delaycompress\n  copytruncate\n}\n');
    rotate(LOGROTATE, config, '--force');
    log('mail.info', 'acme/smtpd', 'after');
    await eventually('the message after the rotation', WRITTEN_MS_MAX, async () => (lines('var/log/mail.log').join('').endsWith('after') ? true : undefined));
    rotate(LOGROTATE, config, '--force');
    expect(readdirSync(join(root, 'var/log')).filter((name) => name.startsWith('mail.log')).sort()).toEqual(['mail.log', 'mail.log.1', 'mail.log.2.gz']);
    const after = storeOf(await measured(), 'mail');
    expect(after.inSystemLog).toMatchObject({ known: true, value: { files: 4, lines: expected.length + 1 } });
    expect(after.items).toMatchObject({ known: true, value: expected.length + 1 });
    expect(after.rotationRules).toMatchObject([{ says: 'weekly, keeps 4, compresses, copies and empties the file', lastRanAt: { known: true } }]);
  });
});
