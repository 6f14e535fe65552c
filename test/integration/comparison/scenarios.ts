import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, existsSync, linkSync, lstatSync, mkdirSync, openSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Terms } from '../../fault/plain-store.js';
import type { Ground, RotatorName, Said } from './rotator.js';

const KB = 1_000;
const DAY_S = 86_400;
const BLOCK_BYTES = 512;
const OLD_DAYS = 100;
const LIMIT_DAYS = 30;

/** One thing that an administrator relies on, or meets. */
export interface Scenario {
  readonly name: string;
  /** Makes the folder what it is, and returns how to end what it started. */
  readonly make: (ground: Ground) => void | Promise<() => Promise<void>>;
  /** How each is told, in its own language; null where it has no word for it. */
  readonly told: Readonly<Record<RotatorName, ((ground: Ground) => Said | Promise<Said>) | null>>;
  /** What came of it, in words. */
  readonly seen: (ground: Ground, said: Said) => string;
}

interface Letter {
  readonly bytes?: number;
  readonly days?: number;
}

function letter(ground: Ground, name: string, { bytes = KB, days = 0 }: Letter = {}): string {
  const path = join(ground.folder, name);
  writeFileSync(path, Buffer.alloc(bytes, 'x'));
  const atS = Date.now() / KB - days * DAY_S;
  utimesSync(path, atS, atS);
  return path;
}

const names = (ground: Ground): string[] => readdirSync(ground.folder, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory()).map(({ name }) => name);
const allocated = (ground: Ground): number => names(ground).reduce((sum, name) => sum + lstatSync(join(ground.folder, name)).blocks * BLOCK_BYTES, 0);
const there = (ground: Ground, name: string): string => (existsSync(join(ground.folder, name)) ? 'stays' : 'goes');
const left = (ground: Ground): string => `${names(ground).length} stay`;

const aged = (more: Terms = {}): Terms => ({ watermarks: [{ kind: 'age', limit: LIMIT_DAYS * DAY_S, target: LIMIT_DAYS * DAY_S }], ...more });
const byModified = (ground: Ground): Said => ground.tmpfiles(`e ${ground.folder} - - - m:${LIMIT_DAYS}d`);
const perFile = (ground: Ground): Said => ground.logrotate(`${ground.folder}/* {\n  rotate 0\n  nocreate\n}\n`);
const perFileBelow = (ground: Ground): Said => ground.logrotate(`${ground.folder}/below/* {\n  rotate 0\n  nocreate\n}\n`);
const ours = (terms: Terms) => (ground: Ground): Promise<Said> => ground.ours(terms);
const skips = ({ receipt }: Said): string => (receipt === null || receipt.skipped.length === 0 ? '' : `, told as ${receipt.skipped.map(({ reason }) => reason).join(', ')}`);

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'a folder of 40 letters of 100 kB may hold 1 MB in all',
    make: (ground) => {
      for (let place = 0; place < 40; place += 1) letter(ground, `letter-${String(place).padStart(2, '0')}`, { bytes: 100 * KB, days: 40 - place });
    },
    told: {
      logrotate: (ground) => ground.logrotate(`${ground.folder}/* {\n  maxsize 1M\n  rotate 1\n  nocreate\n}\n`),
      'systemd-tmpfiles': (ground) => ground.tmpfiles(`e ${ground.folder} - - - -`),
      Mailwarden: ours({ watermarks: [{ kind: 'bytes', limit: 1_000 * KB, target: 1_000 * KB }] }),
    },
    seen: (ground) => {
      const isUnder = allocated(ground) <= 1_000 * KB;
      const originals = names(ground).filter((name) => /^letter-\d\d$/.test(name)).sort();
      if (!isUnder) return names(ground).some((name) => name.endsWith('.1')) ? 'stays over: each is renamed, `maxsize` is that of one file' : 'stays over: it has no word for it';
      return originals.at(-1) === 'letter-39' ? `under the cap, the newest ${originals.length} stay` : 'under the cap';
    },
  },
  {
    name: 'five of ten letters were last changed 100 days ago, and came here today from a copy; 30 days are allowed',
    make: (ground) => {
      for (let place = 0; place < 10; place += 1) letter(ground, `letter-${place}`, { days: place < 5 ? OLD_DAYS : 0 });
    },
    told: {
      logrotate: (ground) => ground.logrotate(`${ground.folder}/letter-? {\n  maxage ${LIMIT_DAYS}\n  rotate 9\n}\n`),
      'systemd-tmpfiles': (ground) => ground.tmpfiles(`e ${ground.folder} - - - ${LIMIT_DAYS}d`),
      Mailwarden: ours(aged()),
    },
    seen: (ground) => (names(ground).some((name) => name.endsWith('.1')) ? `${left(ground)}, renamed: \`maxage\` is for generations that it made itself` : left(ground)),
  },
  {
    name: 'the same, and `m:30d` says that only the last change counts',
    make: (ground) => {
      for (let place = 0; place < 10; place += 1) letter(ground, `letter-${place}`, { days: place < 5 ? OLD_DAYS : 0 });
    },
    told: { logrotate: null, 'systemd-tmpfiles': byModified, Mailwarden: ours(aged({ clock: 'modified' })) },
    seen: (ground) => left(ground),
  },
  {
    name: 'of ten letters the newest three may stay',
    make: (ground) => {
      for (let place = 0; place < 10; place += 1) letter(ground, `letter-${place}`, { days: 10 - place });
    },
    told: { logrotate: null, 'systemd-tmpfiles': null, Mailwarden: ours({ watermarks: [{ kind: 'records', limit: 3, target: 3 }] }) },
    seen: (ground) => `${left(ground)}: ${names(ground).map((name) => name.slice(-1)).sort().join(', ')}`,
  },
  {
    name: 'a log with five generations, of which three may stay',
    make: (ground) => {
      letter(ground, 'acme.log');
      for (let place = 1; place <= 5; place += 1) letter(ground, `acme.log.${place}`, { days: place });
    },
    told: {
      logrotate: (ground) => ground.logrotate(`${ground.folder}/acme.log {\n  rotate 3\n  create\n}\n`),
      'systemd-tmpfiles': null,
      Mailwarden: ours({ store: { exclude: ['/var/opt/product/backup/acme.log'] }, watermarks: [{ kind: 'records', limit: 3, target: 3 }] }),
    },
    seen: (ground) => `the log and ${names(ground).filter((name) => /\.log\.\d/.test(name)).length} generations stay`,
  },
  {
    name: 'an old letter has a second name, outside',
    make: (ground) => linkSync(letter(ground, 'letter', { days: OLD_DAYS }), join(ground.outside, 'second')),
    told: { logrotate: perFile, 'systemd-tmpfiles': byModified, Mailwarden: ours(aged()) },
    seen: (ground, said) => `${there(ground, 'letter')}${skips(said)}${/hard ?link|more than one/i.test(said.text) ? ', and says why' : ''}`,
  },
  {
    name: 'an old symbolic link points outside',
    make: (ground) => {
      writeFileSync(join(ground.outside, 'target'), 'x');
      symlinkSync(join(ground.outside, 'target'), join(ground.folder, 'link'));
      execFileSync('/usr/bin/touch', ['--no-dereference', '--date', `${OLD_DAYS} days ago`, join(ground.folder, 'link')]);
    },
    told: { logrotate: perFile, 'systemd-tmpfiles': byModified, Mailwarden: ours(aged()) },
    seen: (ground) => `the link ${names(ground).includes('link') ? 'stays' : 'goes'}, what it points to ${existsSync(join(ground.outside, 'target')) ? 'stays' : 'goes'}`,
  },
  {
    name: 'an old letter is open for writing',
    make: async (ground) => {
      const fd = openSync(letter(ground, 'letter', { days: OLD_DAYS }), 'r+');
      return () => Promise.resolve(closeSync(fd));
    },
    told: { logrotate: perFile, 'systemd-tmpfiles': byModified, Mailwarden: ours(aged()) },
    seen: (ground, said) => `${there(ground, 'letter')}${skips(said)}`,
  },
  {
    name: 'everybody may write to the folder of an old letter',
    make: (ground) => {
      letter(ground, 'letter', { days: OLD_DAYS });
      chmodSync(ground.folder, 0o777);
    },
    told: { logrotate: perFile, 'systemd-tmpfiles': byModified, Mailwarden: ours(aged()) },
    seen: (ground, { text }) => `${there(ground, 'letter')}${text.includes('insecure permissions') ? ': it refuses, unless `su` names an account' : ''}`,
  },
  {
    name: 'an old letter is named with a line feed, an escape and a byte that is no text',
    make: (ground) => {
      const path = Buffer.concat([Buffer.from(`${ground.folder}/-a\n\u001b[31m`), Buffer.from([0xff])]);
      writeFileSync(path, 'x');
      const atS = Date.now() / KB - OLD_DAYS * DAY_S;
      utimesSync(path, atS, atS);
    },
    told: { logrotate: perFile, 'systemd-tmpfiles': byModified, Mailwarden: ours(aged()) },
    seen: (ground) => (names(ground).length === 0 ? 'goes' : 'stays'),
  },
  {
    name: 'an old FIFO',
    make: (ground) => {
      execFileSync('/usr/bin/mkfifo', [join(ground.folder, 'pipe')]);
      execFileSync('/usr/bin/touch', ['--date', `${OLD_DAYS} days ago`, join(ground.folder, 'pipe')]);
    },
    told: { logrotate: perFile, 'systemd-tmpfiles': byModified, Mailwarden: ours(aged()) },
    seen: (ground) => there(ground, 'pipe'),
  },
  {
    name: 'an old letter lies alone in an old folder below',
    make: (ground) => {
      mkdirSync(join(ground.folder, 'below'));
      letter(ground, 'below/letter', { days: OLD_DAYS });
      execFileSync('/usr/bin/touch', ['--date', `${OLD_DAYS} days ago`, join(ground.folder, 'below')]);
    },
    told: { logrotate: perFileBelow, 'systemd-tmpfiles': byModified, Mailwarden: ours(aged()) },
    seen: (ground) => `the letter ${there(ground, 'below/letter')}, the folder ${there(ground, 'below')}`,
  },
  {
    name: 'a program holds a lock (flock) on the folder below that an old letter lies in',
    make: async (ground) => {
      mkdirSync(join(ground.folder, 'below'));
      letter(ground, 'below/letter', { days: OLD_DAYS });
      const holder = spawn('/usr/bin/flock', [join(ground.folder, 'below'), '/bin/sh', '-c', 'echo held; exec sleep 60'], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
      await once(holder.stdout, 'data');
      return async () => {
        process.kill(-(holder.pid ?? 0), 'SIGKILL');
        await once(holder, 'exit');
      };
    },
    told: { logrotate: perFileBelow, 'systemd-tmpfiles': byModified, Mailwarden: ours(aged()) },
    seen: (ground) => there(ground, 'below/letter'),
  },
  {
    name: 'one old letter goes; what is said of it afterwards',
    make: (ground) => void letter(ground, 'letter', { days: OLD_DAYS }),
    told: { logrotate: perFile, 'systemd-tmpfiles': byModified, Mailwarden: ours(aged()) },
    seen: (ground, { text, receipt }) => (receipt === null ? (text === '' ? 'nothing' : 'some words') : `a receipt: ${receipt.deleted.items} item of ${receipt.deleted.bytes} bytes, by ${receipt.planned.digest.length > 0 ? 'a plan with its digest' : 'no plan'}`) + (names(ground).length === 0 ? '' : `; ${left(ground)}`),
  },
];
