import { err, ok } from '@mailwarden/kernel';
import { describe, expect, it } from 'vitest';
import { ABSENT, type ConfigSource } from './config-source.js';
import { readLogrotate } from './logrotate.js';
import { logrotateWords } from './logrotate-settings.js';
import { readLogrotateState } from './logrotate-state.js';

const filesOf = (files: Readonly<Record<string, string>>): ConfigSource => ({
  read: (path) => (Object.hasOwn(files, path) ? ok(files[path] ?? '') : err(ABSENT)),
  entries: (folder) => Object.keys(files).filter((path) => path.startsWith(`${folder}/`)).map((path) => path.slice(folder.length + 1)).sort(),
});
const MAIN = '/etc/logrotate.conf';
const told = (files: Readonly<Record<string, string>>): string[] => readLogrotate(filesOf(files), MAIN).rules.map(({ source, globs, settings }) => `${source} ${globs.join(' ')}: ${logrotateWords(settings)}`);
const one = (text: string): string | undefined => told({ [MAIN]: text })[0]?.split(': ')[1];

/** As Debian's packages write them. */
const DEBIAN = {
  [MAIN]: '# see "man logrotate" for details\n\n# global options do not affect preceding include directives\n\n# rotate log files weekly\nweekly\n\n# keep 4 weeks worth of backlogs\nrotate 4\n\n# create new (empty) log files after rotating old ones\ncreate\n\n# packages drop log rotation information into this directory\ninclude /etc/logrotate.d\n\n/var/log/late { daily }\n',
  '/etc/logrotate.d/rsyslog': '/var/log/syslog\n/var/log/mail.log\n/var/log/kern.log\n{\n\trotate 7\n\tweekly\n\tmissingok\n\tnotifempty\n\tcompress\n\tdelaycompress\n\tsharedscripts\n\tpostrotate\n\t\t/usr/lib/rsyslog/rsyslog-rotate\n\t\tsize 5\n\t}\n\tendscript\n}\n',
  '/etc/logrotate.d/clamav-daemon': '/var/log/clamav/clamav.log {\n     rotate 12\n     weekly\n     compress\n     delaycompress\n     create 640  clamav adm\n     postrotate\n     if [ -d /run/systemd/system ]; then\n         systemctl -q is-active clamav-daemon && systemctl kill --signal=SIGHUP clamav-daemon || true\n     fi\n     endscript\n     }\n',
  '/etc/logrotate.d/wtmp': '# no packages own wtmp -- we\'ll rotate it here\n/var/log/wtmp {\n    missingok\n    monthly\n    create 0664 root utmp\n    minsize 1M\n    rotate 1\n}\n',
  '/etc/logrotate.d/exim4-base': '/var/log/exim4/mainlog /var/log/exim4/rejectlog {\n\tdaily\n\tmissingok\n\trotate 10\n\tcompress\n\tdelaycompress\n\tnotifempty\n\tnocreate\n}\n',
  '/etc/logrotate.d/rsyslog.dpkg-new': '/var/log/never { daily }\n',
};

describe('configuration of logrotate', () => {
  it('is read as packages write it, includes in their place, scripts passed over', () => {
    expect(told(DEBIAN)).toEqual([
      '/etc/logrotate.d/clamav-daemon:1 /var/log/clamav/clamav.log: weekly, keeps 12, compresses',
      '/etc/logrotate.d/exim4-base:1 /var/log/exim4/mainlog /var/log/exim4/rejectlog: daily, keeps 10, compresses',
      '/etc/logrotate.d/rsyslog:1 /var/log/syslog /var/log/mail.log /var/log/kern.log: weekly, keeps 7, compresses',
      '/etc/logrotate.d/wtmp:2 /var/log/wtmp: monthly, from 1.05 MB, keeps 1',
      '/etc/logrotate.conf:17 /var/log/late: daily, keeps 4',
    ]);
  });

  it('says what holds where a block says nothing: a size, and no generation', () => expect(one('/var/log/x {\n}\n')).toBe('above 1.05 MB, keeps no generation'));

  it('takes the last of a size and a period', () => {
    expect(one('/var/log/x {\n daily\n size 100k\n}\n')).toBe('above 102 KB, keeps no generation');
    expect(one('/var/log/x {\n size=100k\n daily\n maxsize 2G\n}\n')).toBe('daily, earlier above 2.15 GB, keeps no generation');
  });

  it('reads names in quotes, names with blanks and globs', () => {
    expect(readLogrotate(filesOf({ [MAIN]: '"/var/log/my log" /var/log/a\\ b \'/srv/*/x[0-9].log\' { rotate -1\n maxage 90\n dateext\n copytruncate }\n' }), MAIN).rules).toMatchObject([{ globs: ['/var/log/my log', '/var/log/a b', '/srv/*/x[0-9].log'], settings: { keep: -1 } }]);
    expect(one('"/var/log/x" {\n rotate -1\n maxage 90\n dateext\n copytruncate\n monthly\n}\n')).toBe('monthly, keeps every generation, for 90 days at most, names them by date, copies and empties the file');
  });

  it('leaves out what tabooext names, and reads it where tabooext replaces the list', () => {
    const files = { '/etc/d/a.off': '/a { daily\n}\n', '/etc/d/b.bak': '/b { daily\n}\n' };
    const names = (taboo: string): (string | undefined)[] => readLogrotate(filesOf({ ...files, [MAIN]: `${taboo}\ninclude /etc/d\n` }), MAIN).rules.map(({ globs }) => globs[0]);
    expect(names('')).toEqual(['/a']);
    expect(names('tabooext + .off')).toEqual([]);
    expect(names('tabooext .off')).toEqual(['/b']);
  });

  it('tells what it cannot read, and ends when a file includes itself', () => {
    const { rules, unread } = readLogrotate(filesOf({ [MAIN]: `include ${MAIN}\n/var/log/x {\n size lots\n}\nrel.log /var/y {\n}\n/never {\n` }), MAIN);
    expect(rules.length).toBeGreaterThan(0);
    expect(unread).toEqual(expect.arrayContaining([expect.objectContaining({ source: `${MAIN}:3`, why: 'the amount after size cannot be read' }), expect.objectContaining({ why: 'the block has no end' }), expect.objectContaining({ why: 'it is included too deep, or there are too many files' })]));
  });

  it('is told apart from one that may not be read', () => {
    const closed: ConfigSource = { read: () => err('the file may not be read'), entries: () => [] };
    expect(readLogrotate(closed, MAIN)).toEqual({ rules: [], unread: [{ source: MAIN, why: 'the file may not be read' }] });
    expect(readLogrotate(filesOf({}), MAIN)).toEqual({ rules: [], unread: [] });
  });
});

describe('state of logrotate', () => {
  const utc = (year: number, month: number, day: number, hour: number, minute: number, second: number): number => Date.UTC(year, month - 1, day, hour, minute, second);

  it('is read in both versions, with quoted names', () => {
    const second = readLogrotateState('logrotate state -- version 2\n"/var/log/mail.log" 2026-11-22-0:0:3\n"/var/log/a \\"b\\" \\\\ c" 2026-1-2-3:4:5\n', utc);
    expect([...(second ?? [])]).toEqual([['/var/log/mail.log', Date.UTC(2026, 10, 22, 0, 0, 3)], ['/var/log/a "b" \\ c', Date.UTC(2026, 0, 2, 3, 4, 5)]]);
    expect(readLogrotateState('logrotate state -- version 1\n/var/log/mail.log 2026-11-22\n', utc)?.get('/var/log/mail.log')).toBe(Date.UTC(2026, 10, 22));
  });

  it('is none where it does not say so', () => {
    expect(readLogrotateState('something else\n"/var/log/x" 2026-1-1\n', utc)).toBeNull();
    expect(readLogrotateState('logrotate state -- version 2\n"/var/log/x" never\n\n 2026-1-1\n', utc)?.size).toBe(0);
  });
});
