import { appendFileSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { Store } from '@mailwarden/catalogue';
import type { StoreObservation } from '@mailwarden/contracts';
import { known } from '@mailwarden/kernel';
import { programMatcher } from '@mailwarden/rotation-rules';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withHost, type Host } from '../host.js';
import { countLines } from './count-lines.js';
import { LogMemory } from './log-memory.js';
import { ruleFacts, withRules } from './observe-rules.js';

let root: string;
const onHost = <T>(work: (host: Host) => Promise<T>): Promise<T> => withHost(root, { databases: {} }, work);

function put(path: string, content: string | Buffer, mtime = new Date('2026-11-25T12:00:00Z')): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
  utimesSync(join(root, path), mtime, mtime);
}

const SYSTEM_LOG = { programs: ['klms*'], when: null };
const storeOf = (more: Partial<Store>): Store => ({ id: 'trace', kind: 'log', files: ['/var/log/kaspersky/**'], exclude: [], systemLog: null, ...more }) as unknown as Store;
const EMPTY = { items: known(0), unknown: [] } as unknown as StoreObservation;

async function observed(more: Partial<Store> = {}): Promise<StoreObservation> {
  const store = storeOf(more);
  return onHost(async (host) => withRules(EMPTY, store, await ruleFacts(host, { stores: [store] })));
}
const told = ({ rotationRules }: StoreObservation): string[] => (rotationRules ?? []).map(({ tool, source, says, lastRanAt, everySeconds }) => `${tool} ${source} ${says}; ${lastRanAt.known ? lastRanAt.value : lastRanAt.reason}; ${String(everySeconds)}`);

beforeEach(() => void (root = mkdtempSync(join(tmpdir(), 'mailwarden-rules-'))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('rules of the host for a store', () => {
  const local = (text: string): string => new Date(text).toISOString();

  it('are those of logrotate whose names or globs take its files in, with the log that was left alone for longest', async () => {
    put('etc/logrotate.conf', 'weekly\nrotate 4\ninclude /etc/logrotate.d\n');
    put('etc/logrotate.d/klms', '/var/log/kaspersky/*/trace.log /var/log/kaspersky/klms.log {\n daily\n notifempty\n}\n');
    put('etc/logrotate.d/other', '/var/log/other.log {\n}\n');
    for (const log of ['a/trace.log', 'b/trace.log', 'c/trace.log']) put(`var/log/kaspersky/${log}`, log.startsWith('c') ? '' : 'x');
    put('var/lib/logrotate/status', 'logrotate state -- version 2\n"/var/log/kaspersky/a/trace.log" 2026-11-24-6:0:0\n"/var/log/kaspersky/b/trace.log" 2026-11-20-6:0:0\n"/var/log/kaspersky/c/trace.log" 2026-1-1-0:0:0\n');
    expect(told(await observed())).toEqual([`logrotate /etc/logrotate.d/klms:1 daily, keeps 4; ${local('2026-11-20T06:00:00')}; 86400`]);
  });

  it('say when the job itself ran, where no log is due by the calendar alone', async () => {
    put('etc/logrotate.conf', '/var/log/kaspersky/klms.log {\n size 1M\n rotate 2\n}\n');
    put('var/lib/logrotate/status', 'logrotate state -- version 2\n"/var/log/kaspersky/klms.log" 2026-1-1-6:0:0\n', new Date('2026-11-25T06:00:00Z'));
    expect(told(await observed())).toEqual(['logrotate /etc/logrotate.conf:1 above 1.05 MB, keeps 2; 2026-11-25T06:00:00.000Z; null']);
    rmSync(join(root, 'var/lib/logrotate/status'));
    expect(told(await observed())[0]).toContain('it may never have run');
    put('var/lib/systemd/timers/stamp-logrotate.timer', '', new Date('2026-11-23T00:00:00Z'));
    expect(told(await observed())[0]).toContain('2026-11-23T00:00:00.000Z');
  });

  it('of two blocks that name one log are the first', async () => {
    put('etc/logrotate.conf', '/var/log/kaspersky/*.log {\n daily\n}\n/var/log/kaspersky/k*.log {\n weekly\n}\n');
    put('var/log/kaspersky/klms.log', 'x');
    expect(told(await observed())).toHaveLength(1);
  });

  it('are those of tmpfiles that clean its folder, and none once a line keeps it or its file is masked', async () => {
    put('usr/lib/tmpfiles.d/log.conf', 'd /var/log/kaspersky 0750 root root 30d\n');
    put('var/lib/systemd/timers/stamp-systemd-tmpfiles-clean.timer', '', new Date('2026-11-24T00:00:00Z'));
    expect(told(await observed())).toEqual(['tmpfiles /usr/lib/tmpfiles.d/log.conf:1 removes what is older than 30 days; 2026-11-24T00:00:00.000Z; 86400']);
    put('etc/tmpfiles.d/keep.conf', 'x /var/log/kaspersky\n');
    expect(told(await observed())).toEqual([]);
    rmSync(join(root, 'etc/tmpfiles.d/keep.conf'));
    symlinkSync('/dev/null', join(root, 'etc/tmpfiles.d/log.conf'));
    expect(await observed()).toMatchObject({ rotationRules: [], unknown: [] });
  });

  it('are those of journald for the journal', async () => {
    put('etc/systemd/journald.conf', '[Journal]\nSystemMaxUse=100M\n');
    expect(told(await observed({ files: ['/var/log/journal/**', '/run/log/journal/**'] }))).toHaveLength(2);
    expect(told(await observed({ files: ['/var/log/journal/**'] }))).toEqual(['journald /etc/systemd/journald.conf:2 keeps 105 MB at most; journald rotates as it writes, and keeps no record of it; null']);
  });

  it('that are one for both journals are told once', async () => {
    expect(told(await observed({ files: ['/var/log/journal/**', '/run/log/journal/**'] }))).toHaveLength(1);
  });

  it('are not read from a file that nobody wrote', async () => {
    put('etc/logrotate.conf', '#'.repeat(1024 * 1024 + 1));
    expect((await observed()).unknown).toEqual([{ what: 'rules that rotate it', why: '/etc/logrotate.conf: it has more than 1048576 bytes' }]);
  });

  it('are not said to be none where one could not be read', async () => {
    mkdirSync(join(root, 'etc'), { recursive: true });
    symlinkSync('elsewhere.conf', join(root, 'etc/logrotate.conf'));
    expect(await observed()).toMatchObject({ rotationRules: [], unknown: [{ what: 'rules that rotate it', why: '/etc/logrotate.conf: it is a link, which is not followed' }] });
  });
});

describe('lines of a product in the logs of the system', () => {
  const line = (when: string, program: string, text = 'x'): string => `${when} mx1 ${program}[1]: ${text}\n`;

  it('are found where rsyslog puts them, in every generation that can be unpacked', async () => {
    put('etc/rsyslog.conf', 'mail.* -/var/log/mail.log\n*.*;mail.none /var/log/syslog\n');
    put('var/log/mail.log', line('2026-11-25T01:00:00+00:00', 'klms') + line('2026-11-25T02:00:00+00:00', 'postfix/smtpd') + line('2026-11-25T03:00:00Z', 'klms-filter'));
    put('var/log/mail.log.1', line('Nov 18 03:00:00', 'klms'));
    put('var/log/mail.log.2.gz', gzipSync(line('Nov 11 03:00:00', 'klms') + line('Nov 10 03:00:00', 'klms')));
    put('var/log/mail.log-20261101.zst', zstdCompressSync(line('2026-11-01T03:00:00Z', 'klms')));
    put('var/log/mail.log.9.xz', 'packed');
    put('var/log/mail.logs', line('2020-11-25T01:00:00Z', 'klms'));
    put('var/log/syslog', line('2020-11-25T01:00:00Z', 'klms'));
    const found = await observed({ systemLog: SYSTEM_LOG });
    expect(found.inSystemLog).toMatchObject({ known: true, source: '/var/log/mail.log', value: { files: 4, lines: 6, oldestAt: '2026-11-01T03:00:00.000Z' } });
    expect(found.unknown).toEqual([{ what: 'part of the system log', why: '/var/log/mail.log.9.xz: it is packed as .xz, which cannot be read here' }]);
  });

  it('are the store where it has no files of its own, and its rules are those of the log', async () => {
    put('etc/rsyslog.conf', 'mail.* -/var/log/mail.log\n');
    put('etc/logrotate.conf', '/var/log/mail.log {\n weekly\n rotate 4\n}\n');
    const text = line('2026-11-24T01:00:00Z', 'klms') + line('2026-11-25T01:00:00Z', 'klms');
    put('var/log/mail.log', text);
    const found = await observed({ files: [], systemLog: SYSTEM_LOG });
    expect(found).toMatchObject({ present: true, items: known(2), bytesAllocated: known(text.length), oldestAt: known('2026-11-24T01:00:00.000Z'), newestAt: known('2026-11-25T01:00:00.000Z') });
    expect(told(found)[0]).toContain('weekly, keeps 4');
    expect((await observed({ files: [] })).rotationRules).toBeUndefined();
  });

  it('are unknown, not none, where nothing was found and something could not be read', async () => {
    put('etc/syslog-ng/syslog-ng.conf', 'log {};');
    expect((await observed({ systemLog: SYSTEM_LOG })).inSystemLog).toEqual({ known: false, reason: '/etc/syslog-ng/syslog-ng.conf: rules of syslog-ng are not read' });
    put('var/log/mail.log', line('2026-11-25T01:00:00Z', 'klms'));
    expect((await observed({ systemLog: SYSTEM_LOG })).inSystemLog).toMatchObject({ known: true, value: { lines: 1 } });
  });

  it('of a root that is not this machine are unknown as far as its journal goes', async () => {
    put('var/log/journal/m/system.journal', 'x');
    expect((await observed({ systemLog: SYSTEM_LOG })).inSystemLog).toEqual({ known: false, reason: 'journal: the journal of a root that is not this host is not read' });
  });

  it('damaged, endless and hostile files neither stop nor fill the scan', async () => {
    put('etc/rsyslog.conf', 'mail.* -/var/log/mail.log\n');
    const packed = gzipSync(line('2026-11-25T01:00:00Z', 'klms').repeat(50_000));
    put('var/log/mail.log', `${line('2026-11-25T01:00:00Z', 'klms', 'y'.repeat(3_000_000))}\0\xff\n\n: \n[[[\n`);
    put('var/log/mail.log.1.gz', packed.subarray(0, packed.length - 50));
    put('var/log/mail.log.2.gz', 'no archive');
    mkdirSync(join(root, 'var/log/mail.log.3'));
    symlinkSync('/etc/passwd', join(root, 'var/log/mail.log.4'));
    const found = await observed({ systemLog: SYSTEM_LOG });
    expect(found.inSystemLog).toMatchObject({ known: true, value: { files: 2 } });
    expect(found.unknown.map(({ why }) => why).sort()).toEqual(['/var/log/mail.log.1.gz: the rest of it is damaged', '/var/log/mail.log.2.gz: what it is packed in is damaged', '/var/log/mail.log.3: it is not a regular file', '/var/log/mail.log.4: it is a link, which is not followed']);
  });
});

describe('counting a log again', () => {
  const MATCHES = { key: 'klms', of: programMatcher(['klms']) };
  const LOG = '/var/log/mail.log';
  const path = (): string => join(root, LOG);
  const counted = (memory: LogMemory, bytes = 1e9): Promise<{ lines: number; cutOff: string | null; spent: number }> =>
    onHost(async (host) => {
      const budget = { bytesLeft: bytes, endTicks: performance.now() + 60_000 };
      const found = await countLines(host, LOG, MATCHES, budget, memory);
      if (!found.ok) throw new Error(found.error);
      return { lines: found.value.sums.lines, cutOff: found.value.cutOff, spent: bytes - budget.bytesLeft };
    });
  const LINE = 'Nov 25 01:00:00 mx1 klms[1]: x\n';

  it('reads what was added, and the half line that waited for its end', async () => {
    const memory = new LogMemory();
    put(LOG, LINE.repeat(1_000) + LINE.slice(0, 20));
    expect(await counted(memory)).toMatchObject({ lines: 1_000 });
    appendFileSync(path(), LINE.slice(20) + LINE);
    expect(await counted(memory)).toEqual({ lines: 1_002, cutOff: null, spent: 2 * LINE.length });
    expect(await counted(memory)).toEqual({ lines: 1_002, cutOff: null, spent: 0 });
  });

  it('begins anew when the file was emptied and filled, also beyond where it was', async () => {
    const memory = new LogMemory();
    put(LOG, LINE.repeat(1_000));
    await counted(memory);
    const inode = statSync(path()).ino;
    truncateSync(path(), 0);
    appendFileSync(path(), 'Nov 25 02:00:00 mx1 klms[2]: other\n'.repeat(2_000));
    expect(statSync(path()).ino).toBe(inode);
    expect(await counted(memory)).toMatchObject({ lines: 2_000 });
  });

  it('says that it stopped when the budget of the scan is spent, and goes on from there', async () => {
    const memory = new LogMemory();
    put(LOG, LINE.repeat(40_000));
    const first = await counted(memory, 1);
    expect(first.cutOff).toBe('the logs are larger than one scan reads');
    expect(first.lines).toBeGreaterThan(0);
    expect(first.lines).toBeLessThan(40_000);
    expect(await counted(memory)).toMatchObject({ lines: 40_000, cutOff: null });
  });

  it('leaves a packed generation alone that was counted', async () => {
    const memory = new LogMemory();
    put(`${LOG}.gz`, gzipSync(LINE.repeat(10)));
    const again = (): Promise<number> => onHost(async (host) => {
      const budget = { bytesLeft: 1e6, endTicks: performance.now() + 60_000 };
      const found = await countLines(host, `${LOG}.gz`, MATCHES, budget, memory);
      expect(found).toMatchObject({ ok: true, value: { sums: { lines: 10 } } });
      return 1e6 - budget.bytesLeft;
    });
    expect([await again(), await again()]).toEqual([LINE.length * 10, 0]);
  });
});
