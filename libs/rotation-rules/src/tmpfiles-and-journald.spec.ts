import { err, ok } from '@mailwarden/kernel';
import { describe, expect, it } from 'vitest';
import { ABSENT, type ConfigSource } from './config-source.js';
import { journaldWords, readJournald } from './journald.js';
import { binarySize, timeSpan } from './time-span.js';
import { cleaningOf, readTmpfiles, tmpfilesWords } from './tmpfiles.js';

const filesOf = (files: Readonly<Record<string, string>>): ConfigSource => ({
  read: (path) => (Object.hasOwn(files, path) ? ok(files[path] ?? '') : err(ABSENT)),
  entries: (folder) => Object.keys(files).filter((path) => path.startsWith(`${folder}/`) && !path.slice(folder.length + 1).includes('/')).map((path) => path.slice(folder.length + 1)).sort(),
});
const cleaned = (files: Readonly<Record<string, string>>, folder: string): string | null => {
  const line = cleaningOf(readTmpfiles(filesOf(files)), folder);
  return line === null ? null : `${line.source} ${tmpfilesWords(line)}`;
};
const local = (text: string): Record<string, string> => ({ '/etc/tmpfiles.d/local.conf': text });

describe('lengths of time and sizes', () => {
  it.each([['10d', 864_000], ['1h30min', 5_400], ['1h 30 min', 5_400], ['2weeks', 1_209_600], ['90', 90], ['500ms', 0.5], ['1month', 2_629_800], ['0', 0], ['', null], ['10 parsecs', null], ['d', null], ['1h-', null]])('%j is %j seconds', (text, seconds) => expect(timeSpan(text)).toBe(seconds));
  it.each([['100k', 102_400], ['1M', 1_048_576], ['4G', 4_294_967_296], ['512', 512], ['1.5G', null], ['', null], ['99999999999999T', null]])('%j is %j bytes', (text, bytes) => expect(binarySize(text)).toBe(bytes));
});

describe('what systemd-tmpfiles cleans', () => {
  it.each([
    ['d /tmp 1777 root root 10d', '/tmp/klms_filter', 'removes what is older than 10 days'],
    ['q /tmp 1777 root root -\nd /tmp/klms_filter - - - 1h', '/tmp/klms_filter', 'removes what is older than 1 hour'],
    ['e /srv/*/work - - - am:2d', '/srv/a/work', 'removes what is older than 2 days'],
    ['d %V/x - - - ~3w', '/var/tmp/x', 'removes what is older than 21 days, below its first level'],
    ['D "/srv/my work" 0700 root root 1d', '/srv/my work/deep/er', 'removes what is older than 1 day'],
    ['d /tmp - - - 10d\nX /tmp/keep', '/tmp/keep', 'removes what is older than 10 days'],
  ])('%j cleans %s', (text, folder, words) => expect(cleaned(local(text), folder)).toContain(words));

  it.each([
    ['d /tmp 1777 root root -', '/tmp/x'],
    ['d /tmp 1777 root root 10d\nx /tmp/klms*', '/tmp/klms_filter/deep'],
    ['d /tmp 1777 root root 10d\nd /tmp/klms_filter', '/tmp/klms_filter'],
    ['D! /tmp 1777 root root 10d', '/tmp/x'],
    ['f /tmp/file 0644 root root 10d', '/tmp/file'],
    ['d /tmpfoo - - - 1d', '/tmp/x'],
  ])('%j does not clean %s', (text, folder) => expect(cleaned(local(text), folder)).toBeNull());

  it('takes a file of /etc for one of the same name in /usr/lib, and otherwise the first line in the order of names', () => {
    const both = { '/usr/lib/tmpfiles.d/tmp.conf': 'q /tmp 1777 root root 10d\n', '/usr/lib/tmpfiles.d/a.conf': 'd /srv - - - 1d\n', '/etc/tmpfiles.d/z.conf': 'd /srv - - - 9d\n' };
    expect(cleaned(both, '/tmp')).toBe('/usr/lib/tmpfiles.d/tmp.conf:1 removes what is older than 10 days');
    expect(cleaned({ ...both, '/etc/tmpfiles.d/tmp.conf': '# nothing\n' }, '/tmp')).toBeNull();
    expect(cleaned(both, '/srv')).toContain('1 day');
  });

  it('tells what it cannot read', () => {
    expect(readTmpfiles(filesOf(local('d /tmp - - - soon\nd /home/%u - - - 1d\nL+ /x - - - - %h\n'))).unread).toEqual([
      { source: '/etc/tmpfiles.d/local.conf:1', why: 'its age cannot be read' },
      { source: '/etc/tmpfiles.d/local.conf:2', why: 'a specifier in its path is not known here' },
    ]);
  });
});

describe('what journald keeps', () => {
  it('is its default where nothing is set', () => {
    const settings = readJournald(filesOf({ '/etc/systemd/journald.conf': '[Journal]\n#SystemMaxUse=\n' }));
    expect([journaldWords(settings, true), settings.source]).toEqual(['keeps a tenth of the file system, 4 GiB at most', '/etc/systemd/journald.conf']);
  });

  it('is what the last drop-in says, and an empty value takes it back', () => {
    const files = {
      '/etc/systemd/journald.conf': '[Journal]\nSystemMaxUse=100M\nMaxRetentionSec=1month\nForwardToSyslog=yes\n',
      '/usr/lib/systemd/journald.conf.d/10.conf': '[Journal]\nSystemMaxUse=1G\nMaxRetentionSec=\nRuntimeMaxUse=64M\n',
      '/etc/systemd/journald.conf.d/20.conf': '[Other]\nSystemMaxUse=1K\n[Journal]\nSystemMaxUse=2G\nMaxFileSec=1day\nMaxRetentionSec=\n',
    };
    const settings = readJournald(filesOf(files));
    expect(settings).toMatchObject({ systemMaxBytes: 2 ** 31, maxRetentionSeconds: null, forwardsToSyslog: true, storage: null });
    expect(journaldWords(settings, true)).toBe('keeps 2.15 GB at most, begins a new file after 1 day');
    expect(journaldWords(settings, false)).toContain('67.1 MB');
    expect(settings.source).toMatch(/^\/etc\/systemd\/journald\.conf\.d\/20\.conf:/);
  });

  it('tells what it cannot read', () => expect(readJournald(filesOf({ '/etc/systemd/journald.conf': '[Journal]\nSystemMaxUse=much\n' })).unread).toEqual([{ source: '/etc/systemd/journald.conf:2', why: 'SystemMaxUse cannot be read' }]));
});
