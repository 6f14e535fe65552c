import { err, ok } from '@mailwarden/kernel';
import { expect, it } from 'vitest';
import { ABSENT, type ConfigSource } from './config-source.js';
import { readJournald } from './journald.js';
import { readLogrotate } from './logrotate.js';
import { readLogrotateState } from './logrotate-state.js';
import { filesFor, readRsyslog } from './rsyslog.js';
import { readTmpfiles } from './tmpfiles.js';

/** Parts of which every form is made, put together without sense. */
const PARTS = ['{', '}', '(', ')', '"', "'", '\\', '\n', ' ', '#', '/*', '*/', 'if ', ' then ', ' else ', 'mail.* ', '/f', '&', ':programname, isequal, "x" ', 'action(type="omfile" file="/g")', '$IncludeConfig /etc/rsyslog.conf\n', 'include /etc/logrotate.conf\n', 'daily\n', 'size ', 'postrotate\n', 'endscript\n', '/var/log/x ', 'd /tmp - - - 10d\n', '[Journal]\n', 'SystemMaxUse=', 'ruleset(name="x") {', 'not ', ' and ', 'foreach', 'set $.x=', ';', ',', '\xff', '\0', 'template(name="t") {', '%', '~', '*'];
const SEED = Number(process.env['SEED'] ?? 20_261_125);
const TEXTS = 400;
const [SHORT, LONG] = [60, 30_000];

function texts(): string[] {
  let state = SEED;
  const below = (end: number): number => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) % end;
  return Array.from({ length: TEXTS }, (_, index) => Array.from({ length: index % 100 === 99 ? LONG : below(SHORT) }, () => PARTS[below(PARTS.length)] ?? '').join(''));
}

it(`text without sense is read to its end by every reader (SEED=${SEED})`, { timeout: 60_000 }, () => {
  for (const text of texts()) {
    const config: ConfigSource = { read: (path) => (path.includes('journald.conf') || path.includes('.d/') || path.endsWith('rsyslog.conf') || path.endsWith('logrotate.conf') ? ok(text) : err(ABSENT)), entries: (folder) => (folder.endsWith('.d') ? ['a.conf'] : []) };
    expect(filesFor(readRsyslog(config, '/etc/rsyslog.conf'), { facility: 'mail', programs: ['x*'] }).files.every((file) => file.startsWith('/')), text.slice(0, 500)).toBe(true);
    expect(readLogrotate(config, '/etc/logrotate.conf').rules.every(({ globs }) => globs.every((glob) => glob.startsWith('/'))), text.slice(0, 500)).toBe(true);
    expect(readTmpfiles(config).unread.length).toBeLessThanOrEqual(50);
    expect(readJournald(config).systemMaxBytes ?? 0).toBeGreaterThanOrEqual(0);
    expect(readLogrotateState(text, () => 0)).toBeNull();
  }
});

const SYSLOG = { facility: 'mail', programs: ['klms*'] };
const routed = (text: string): ReturnType<typeof filesFor> => filesFor(readRsyslog({ read: () => ok(text), entries: () => [] }, '/etc/rsyslog.conf'), SYSLOG);

it('an `if` with many branches is read in a time that grows with their number, and no faster', { timeout: 10_000 }, () => {
  const branches = (end: number): string => Array.from({ length: end }, (_, n) => `${n === 0 ? '' : 'else '}if $msg == "${n}" then /var/log/${n}\n`).join('');
  expect(routed(`${branches(60)}else /var/log/rest\nmail.* /var/log/mail.log\n`).files).toHaveLength(62);
  expect(routed(branches(600)).unread).toMatchObject([{ why: expect.stringContaining('too many branches') }]);
});

it.each([
  ['conditions joined without end', `if ${'$msg == "1" and '.repeat(50_000)}$msg == "1" then /var/log/x\n`],
  ['alternatives without end', `if ${'$msg == "1" or '.repeat(50_000)}$msg == "1" then /var/log/x\n`],
  ['an `if` in an `if` without end', `${'if $msg == "1" then '.repeat(50_000)}/var/log/x\n`],
])('%s are told of, or may be so', (_what, text) => {
  const { files, unread } = routed(text);
  expect(files.length + unread.length).toBe(1);
});
