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
