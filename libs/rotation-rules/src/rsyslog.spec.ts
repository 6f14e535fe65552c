import { err, ok } from '@mailwarden/kernel';
import { describe, expect, it } from 'vitest';
import { ABSENT, type ConfigSource } from './config-source.js';
import { filesFor, readRsyslog } from './rsyslog.js';

const MAIN = '/etc/rsyslog.conf';
const filesOf = (files: Readonly<Record<string, string>>): ConfigSource => ({
  read: (path) => (Object.hasOwn(files, path) ? ok(files[path] ?? '') : err(ABSENT)),
  entries: (folder) => Object.keys(files).filter((path) => path.startsWith(`${folder}/`)).map((path) => path.slice(folder.length + 1)).sort(),
});
const asked = (files: Readonly<Record<string, string>> | string, programs = ['klms*'], facility = 'mail'): ReturnType<typeof filesFor> => filesFor(readRsyslog(filesOf(typeof files === 'string' ? { [MAIN]: files } : files), MAIN), { facility, programs });

/** As Debian's package writes it. */
const DEBIAN = `# /etc/rsyslog.conf configuration file for rsyslog
module(load="imuxsock") # provides support for local system logging
#module(load="imudp")
#input(type="imudp" port="514")
$FileOwner root
$FileCreateMode 0640
$WorkDirectory /var/spool/rsyslog
$IncludeConfig /etc/rsyslog.d/*.conf
*.*;auth,authpriv.none		-/var/log/syslog
auth,authpriv.*			/var/log/auth.log
cron.*				-/var/log/cron.log
mail.*				-/var/log/mail.log
user.*				-/var/log/user.log
*.emerg				:omusrmsg:*
`;

describe('files that messages of a program go into', () => {
  it('are those of Debian, by facility', () => {
    expect(asked(DEBIAN)).toEqual({ files: ['/var/log/syslog', '/var/log/mail.log'], unread: [] });
    expect(asked(DEBIAN, ['sshd'], 'auth').files).toEqual(['/var/log/auth.log']);
  });

  it('are found in files that are included, in the order of their names', () => {
    const files = { [MAIN]: DEBIAN, '/etc/rsyslog.d/20-klms.conf': ':programname, isequal, "klms" -/var/log/klms.log\n& stop\n', '/etc/rsyslog.d/30-off.conf.disabled': 'mail.* /var/log/never\n' };
    expect(asked(files).files).toEqual(['/var/log/klms.log', '/var/log/syslog', '/var/log/mail.log']);
    expect(asked({ [MAIN]: 'include(file="/etc/x/*.conf" mode="optional")', '/etc/x/a.conf': 'mail.info /var/log/a' }).files).toEqual(['/var/log/a']);
  });

  it.each([
    ['mail.none;*.* /f', ['/f']],
    ['*.*;mail.none /f', []],
    ['mail,news.err\t/f', ['/f']],
    ['mail.=info;mail.!=err /f;RSYSLOG_FileFormat', ['/f']],
    ['kern.* /f', []],
    ['mail.* @@log.example.org:514', []],
    ['mail.* {\n  action(type="omfile" file="/f")\n  stop\n}', ['/f']],
    ['mail.* /f # told why', ['/f']],
    [':syslogtag, startswith, "klms" /f', ['/f']],
    [':programname, !isequal, "cron" /f', ['/f']],
    [':programname, isequal, "cron" /f\n& /g', []],
    ["if $programname == 'klms' then /f", ['/f']],
    ["if $programname == 'klms' then {\n  action(type=\"omfile\" file=\"/f\") # x\n  stop\n} else {\n action(type=\"omfile\" file=\"/g\")\n}", ['/f', '/g']],
    ["if $programname == 'cron' then { /f } else if prifilt(\"mail.*\") then /g", ['/g']],
    ["if ($programname startswith 'kl' and $syslogfacility-text == 'mail') then action(type=\"omfile\" file=\"/f\")", ['/f']],
    ["if not ($programname == 'cron' or $syslogfacility-text != 'mail') then /f", ['/f']],
    ["if $programname == 'cron' or $syslogfacility-text == 'kern' then /f", []],
    ["if $syslogfacility-text == 'mail' then /f\nelse /g", ['/f']],
    ["if $syslogfacility-text == 'kern' then { /f } else { /g }", ['/g']],
    ["if $programname == 'klms' then {\n  -/f;RSYSLOG_FileFormat\n  @@log.example.org\n  ~\n}\nmail.* /g", ['/f', '/g']],
    ["if $msg contains 'then {' then /f\nkern.* /g", ['/f']],
    ['ruleset(name="remote") {\n  mail.* action(type="omfile" file="/f")\n}\nkern.* /g', ['/f']],
    ['template(name="t" type="list") {\n  property(name="msg") constant(value="} mail.* /no")\n}\nmail.* /f', ['/f']],
    ['/* mail.* /no */ set $.x = "mail.* /no; y"; mail.* /f', ['/f']],
    ['action(type="omfwd" target="x")\nmail.* /f', ['/f']],
  ])('%j: %j', (text, files) => expect(asked(text).files).toEqual(files));

  it('are those of each program that a profile names, with its parts', () => {
    expect(asked(":programname, isequal, \"postfix\" /f", ['postfix/*']).files).toEqual(['/f']);
    expect(asked(":programname, isequal, \"dovecot\" /f", ['postfix/*']).files).toEqual([]);
    expect(asked(":programname, isequal, \"dovecot\" /f", ['postfix/*', 'dovecot']).files).toEqual(['/f']);
  });
});

describe('what cannot be read', () => {
  it.each([
    ['mail.* ?PerHost', 'the name of the file is made by a template'],
    ['mail.* action(type="omfile" dynaFile="PerHost")', 'the name of the file is made by a template'],
    ['$IncludeConfig relative.conf', 'what it includes cannot be told'],
    ['!klms\n*.* /f', 'a block for one program or host is not read'],
    ['mail.* (what)', 'the action is not understood'],
  ])('%j is told', (text, why) => expect(asked(text).unread).toMatchObject([{ source: `${MAIN}:1`, why }]));

  it('is not told where it cannot concern the product', () => expect(asked('kern.* ?PerHost').unread).toEqual([]));

  it('ends: a file that includes itself, brackets without end, quotes without end', () => {
    expect(asked(`$IncludeConfig ${MAIN}\nmail.* /f`).files).toEqual(['/f']);
    for (const text of ['{'.repeat(50_000), `if ${'('.repeat(50_000)}`, `if ${'not '.repeat(50_000)} then /f`, 'action(type="', ':a,b', "if 'x", '$', '&', '\\', '!'.repeat(9_999), 'a('.repeat(50_000)]) expect(() => asked(text)).not.toThrow();
  });
});
