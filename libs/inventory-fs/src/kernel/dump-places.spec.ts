import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { coreDestination } from '@mailwarden/inventory';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withHost } from '../host.js';
import { coredumpSettings, type CoredumpSettings } from './coredump-settings.js';
import { dumpsOnHost } from './dump-places.js';
import { programsOf } from './found-dumps.js';

let root: string;
beforeEach(() => void (root = mkdtempSync(join(tmpdir(), 'mailwarden-dumps-'))));
afterEach(() => rmSync(root, { recursive: true }));

function put(path: string, text: string | Buffer = 'x'): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
const BOOT = '0123456789abcdef0123456789abcdef';

/** Dumps with their programs, and folders that could not be read. */
async function found(pattern: string, workFolders: readonly string[] = [], isProduct: (program: string) => boolean = () => true): Promise<string[]> {
  return withHost(root, { databases: {} }, async (host) => {
    const unread: string[] = [];
    const dumps = dumpsOnHost(host, coreDestination(pattern, false), workFolders, isProduct, (folder, why) => void unread.push(`${folder} ${why}`));
    return [...dumps.map(({ path, program }) => `${path} ${program}`), ...unread].sort();
  });
}

/** The beginning of a core file of a 64-bit program, as the kernel lays it out. */
function coreOf(program: string): Buffer {
  const core = Buffer.alloc(4_096);
  Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]).copy(core);
  core.writeUInt16LE(4, 16);
  core.writeBigUInt64LE(64n, 32);
  core.writeUInt16LE(56, 54);
  core.writeUInt16LE(1, 56);
  core.writeUInt32LE(4, 64);
  core.writeBigUInt64LE(256n, 72);
  core.writeBigUInt64LE(600n, 96);
  const note = (at: number, type: number, bytes: number): number => {
    core.writeUInt32LE(5, at);
    core.writeUInt32LE(bytes, at + 4);
    core.writeUInt32LE(type, at + 8);
    core.write('CORE\0', at + 12, 'latin1');
    return at + 12 + 8;
  };
  const second = note(256, 1, 336) + 336;
  core.write(program, note(second, 3, 136) + 40, 'latin1');
  return core;
}

describe('dumps', () => {
  it('are found where the pattern of the kernel puts them, by what the name or the file tells', async () => {
    put('cores/core.klms-scan.12');
    put('cores/core.klms-scan.12.txt');
    put('named/renamed.7', coreOf('klms-filter'));
    expect(await found('/cores/core.%e.%p')).toEqual(['/cores/core.klms-scan.12 klms-scan']);
    expect(await found('/named/%f.%p')).toEqual(['/named/renamed.7 klms-filter']);
    expect(await found('/cores/%e/core')).toEqual([]);
    put('cores/klms/core', coreOf('klms'));
    put('cores/other/core', 'no core at all');
    expect(await found('/cores/%e/core')).toEqual(['/cores/klms/core klms']);
  });

  it('are found in the folders that the processes work in, when the pattern is relative', async () => {
    put('var/lib/klms/core', coreOf('klms'));
    put('var/lib/klms/core.1', coreOf('klms'));
    expect(await found('core', ['/var/lib/klms', '/gone'])).toEqual(['/var/lib/klms/core klms']);
    expect(await found('core', [])).toEqual([]);
  });

  it.each([['an empty file', ''], ['no core', 'core of nothing'], ['one that ends early', coreOf('klms').subarray(0, 300)], ['one that points beyond', Buffer.concat([coreOf('klms').subarray(0, 96), Buffer.alloc(64, 0xff)])], ['one that goes round', ((): Buffer => { const core = coreOf(''); core.fill(0, 256); return core; })()]])('of which nothing can be told are nobody\'s: %s', async (_what, content) => {
    put('var/lib/klms/core', content);
    expect(await found('core', ['/var/lib/klms'])).toEqual([]);
  });

  it('are looked for in no more names than a folder of dumps has, and what is left out is told', async () => {
    mkdirSync(join(root, 'cores'));
    for (let n = 0; n < 10_010; n += 1) writeFileSync(join(root, `cores/core.klms.${n}`), '');
    const dumps = await found('/cores/core.%e.%p');
    expect([dumps.length, dumps.includes('/cores too many entries to look at them all')]).toEqual([10_001, true]);
    expect(await found('/cores/core.%e.%p', [], (program) => program === 'other')).toEqual([]);
  });

  it('take a moment to be told apart, whatever a file says of its own length', async () => {
    const endless = Buffer.alloc(65_536);
    coreOf('').copy(endless, 0, 0, 120);
    endless.writeUInt16LE(0, 54); // One and the same segment,
    endless.writeUInt16LE(0xffff, 56); // again and again,
    endless.writeBigUInt64LE(60_000n, 96); // of notes about nothing.
    put('var/lib/klms/core', endless);
    const beganMs = performance.now();
    expect(await found('core', ['/var/lib/klms'])).toEqual([]);
    expect(performance.now() - beganMs).toBeLessThan(500);
  });

  it.skipIf(process.getuid?.() !== 0)('are not those that some account put into a folder of its own (only as root: it gives a folder away)', async () => {
    put('var/tmp/abrt/ccpp-1/executable', '/opt/kaspersky/klms');
    put('var/tmp/abrt/ccpp-1/coredump');
    expect(await found('')).toEqual(['/var/tmp/abrt/ccpp-1/coredump /opt/kaspersky/klms']);
    chownSync(join(root, 'var/tmp/abrt'), 1_000, 1_000);
    expect(await found('')).toEqual([]);
  });

  it('keep nothing of what was read to find out whose they are', async () => {
    for (let n = 0; n < 100; n += 1) {
      put(`var/tmp/abrt/${n}/executable`, '/opt/kaspersky/klms');
      truncateSync(join(root, `var/tmp/abrt/${n}/executable`), 4 * 1024 * 1024);
      put(`var/tmp/abrt/${n}/coredump`);
    }
    const before = process.memoryUsage().rss;
    await found('');
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
  });

  it('are found with systemd, by what it writes next to the file or else by the name', async () => {
    put(`var/lib/systemd/coredump/core.klms-scan.300.${BOOT}.12.1700000000000000.zst`);
    put(`var/lib/systemd/coredump/core.short.300.${BOOT}.12.1700000000000000`);
    put('var/lib/systemd/coredump/notes.txt');
    if (existsSync('/usr/bin/setfattr')) execFileSync('/usr/bin/setfattr', ['-n', 'user.coredump.exe', '-v', '/opt/klms/a program', join(root, `var/lib/systemd/coredump/core.short.300.${BOOT}.12.1700000000000000`)]);
    const named = existsSync('/usr/bin/setfattr') ? '/opt/klms/a program' : 'short';
    expect(await found('|/bin/false')).toEqual([`/var/lib/systemd/coredump/core.klms-scan.300.${BOOT}.12.1700000000000000.zst klms-scan`, `/var/lib/systemd/coredump/core.short.300.${BOOT}.12.1700000000000000 ${named}`].sort());
  });

  it('are found with apport and abrt', async () => {
    put('var/crash/_opt_klms_scan.300.crash', 'ProblemType: Crash\nExecutablePath: /opt/klms/klms-scan\nCoreDump: base64\n');
    put('var/crash/_usr_sbin_cron.0.crash', Buffer.alloc(100, 0xff));
    put('var/crash/other.txt');
    put('var/spool/abrt/ccpp-1/executable', '/opt/klms/klms-filter\n');
    put('var/spool/abrt/ccpp-1/coredump');
    put('var/spool/abrt/ccpp-1/reason');
    put('var/spool/abrt/ccpp-2/coredump');
    expect(await found('core')).toEqual(['/var/crash/_opt_klms_scan.300.crash /opt/klms/klms-scan', '/var/crash/_usr_sbin_cron.0.crash /usr/sbin/cron', '/var/spool/abrt/ccpp-1/coredump /opt/klms/klms-filter']);
  });

  it('in a folder that cannot be entered are told as not seen', async () => {
    mkdirSync(join(root, 'var/lib/systemd'), { recursive: true });
    symlinkSync('/tmp', join(root, 'var/lib/systemd/coredump'));
    expect(await found('core')).toEqual(['/var/lib/systemd/coredump not-a-folder']);
  });
});

describe('whose a dump is', () => {
  const isProduct = programsOf({ services: ['klms', 'klmsdb', 'mail@.service'] }, [{ name: 'a-long-name-cut' }, { name: 'filter' }, { name: 'python3.11' }, { name: 'sh' }]);
  it.each([
    ['klms', true],
    ['klms-scan', true],
    ['/opt/kaspersky/klms/bin/klmsdb', true],
    ['/usr/bin/filter', true],
    ['a-long-name-cut-by-the-kernel', true],
    ['mail', true],
    ['klmsx', false],
    ['python3.11', false],
    ['/bin/sh', false],
    ['cron', false],
    ['/opt/klms/other', false],
  ])('%s: %s', (program, own) => {
    expect(isProduct(program)).toBe(own);
  });
});

describe("what systemd's handler keeps", () => {
  const settings = (): Promise<CoredumpSettings> => withHost(root, { databases: {} }, async (host) => coredumpSettings(host));
  it('is as documented where nothing says otherwise', async () => {
    expect(await settings()).toEqual({ storage: 'external', maxUse: null });
  });
  it('is by the file that counts most, and then by drop-ins in the order of their names', async () => {
    put('usr/lib/systemd/coredump.conf', '[Coredump]\nStorage=journal\nMaxUse=9G\n');
    put('etc/systemd/coredump.conf', '[Coredump]\n#Storage=external\nMaxUse=1G\n');
    expect(await settings()).toEqual({ storage: 'external', maxUse: '1G' });
    put('usr/lib/systemd/coredump.conf.d/50-x.conf', '[Coredump]\nStorage=journal\n');
    put('run/systemd/coredump.conf.d/40-x.conf', '[Coredump]\nStorage=none\nMaxUse=2G\n');
    expect(await settings()).toEqual({ storage: 'journal', maxUse: '2G' });
    put('etc/systemd/coredump.conf.d/50-x.conf', '[Coredump]\nStorage=none\n');
    expect(await settings()).toEqual({ storage: 'none', maxUse: '2G' });
    rmSync(join(root, 'etc/systemd/coredump.conf.d/50-x.conf'));
    symlinkSync('/dev/null', join(root, 'etc/systemd/coredump.conf.d/50-x.conf'));
    expect(await settings()).toEqual({ storage: 'none', maxUse: '2G' });
  });
  it('is not taken from what is no text', async () => {
    put('etc/systemd/coredump.conf', Buffer.from([0, 1, 2]));
    expect(await settings()).toEqual({ storage: 'external', maxUse: null });
  });
});
