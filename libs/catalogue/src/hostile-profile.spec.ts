import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseProfile } from './parse-profile.js';

const TEXT = readFileSync(new URL('../profiles/kaspersky-klms-8.yaml', import.meta.url), 'utf8');
const problemsOf = (text: string) => {
  const parsed = parseProfile(text);
  return parsed.ok ? [] : parsed.error;
};

const QUARANTINE = '"/var/opt/kaspersky/klms/asp_quarantine/**"';
const PID_FILE = 'pid-file: /var/run/klms/klms.pid, value: started-at';

/** What is put in the place of what, and where the mistake must be told. */
const HOSTILE: [name: string, from: string, to: string, path: string, message: RegExp, advice: RegExp][] = [
  ['the root', QUARANTINE, '"/**"', 'stores[5].files[0]', /folder of the system/, /own folder/],
  ['the root itself', QUARANTINE, '/', 'stores[5].files[0]', /folder of the system/, /own folder/],
  ['a place that climbs', QUARANTINE, '"/var/opt/../../etc/**"', 'stores[5].files[0]', /climbs out/, /the place itself/],
  ['a variable that climbs', '"${backupPath}/**"', '"${backupPath}/../**"', 'stores[4].files[0]', /climbs out/, /the place itself/],
  ['a variable in the middle', '"${backupPath}/**"', '"/${backupPath}/**"', 'stores[4].files[0]', /in its middle/, /begin with/],
  ['a variable that runs on', '"${backupPath}/**"', '"${backupPath}x/**"', 'stores[4].files[0]', /in its middle/, /begin with/],
  ['a relative place', QUARANTINE, '"klms/**"', 'stores[5].files[0]', /not an absolute path/, /begin with "\/"/],
  ['settings of the system, deletable', QUARANTINE, '"/etc/**"', 'stores[5].files[0]', /system's own tree/, /rotatable: false/],
  ['settings of another product, deletable', QUARANTINE, '"/etc/ssh/**"', 'stores[5].files[0]', /system's own tree/, /rotatable: false/],
  ['programs, deletable', QUARANTINE, '"/usr/lib/x/**"', 'stores[5].files[0]', /system's own tree/, /rotatable: false/],
  ['all logs', QUARANTINE, '"/var/log/**"', 'stores[5].files[0]', /folder of the system/, /own folder/],
  ['all mail', QUARANTINE, '"/home/*/**"', 'stores[5].files[0]', /folder of the system/, /own folder/],
  ['a wildcard for every root folder', QUARANTINE, '"/v*/log/**"', 'stores[5].files[0]', /folder of the system/, /own folder/],
  ['a pattern that takes for ever', QUARANTINE, `"/var/opt/x/${'*a'.repeat(40)}"`, 'stores[5].files[0]', /more wildcards/, /at most 3/],
  ['a pattern of any depth, again and again', QUARANTINE, `"/var/opt/x${'/**'.repeat(20)}/y"`, 'stores[5].files[0]', /more wildcards/, /at most 3/],
  ['a variable whose default is the system', 'default: /var/opt/kaspersky/klms/backup', 'default: /usr/lib/klms', 'stores[4].files[0]', /system's own tree/, /rotatable: false/],
  ['a variable whose default is shared', 'default: /var/opt/kaspersky/klms/backup', 'default: /var/lib', 'variables.backupPath.default', /folder of the system/, /own folder/],
  ['configuration that may be deleted', 'rotatable: false', 'rotatable: true', 'stores[9].rotatable', /never deleted from/, /rotatable: false/],
  ['a probe outside the host', 'file: /etc/opt/kaspersky/klms/klms_filters.conf', 'file: ../../etc/shadow', 'variables.workdir.read.from[0].file-key.file', /not an absolute path/, /begin with "\/"/],
  ['a PID file that climbs', PID_FILE, 'pid-file: /var/run/../../x, value: started-at', 'service-start.from[0].process.pid-file', /climbs out/, /the place itself/],
  ['a program found by PATH', `{ process: { ${PID_FILE} } }`, '{ command: [ klms-control ], parser: first-line, key: null, timeout: 5 s }', 'service-start.from[0].command[0]', /absolute path/, /begin with "\/"/],
  ['a program that loads what the product may write', `{ process: { ${PID_FILE} } }`, '{ command: [ /usr/bin/rspamadm, configdump ], parser: first-line, key: null, timeout: 5 s }', 'service-start.from[0].command[0]', /runs Lua that lies in \/var\/lib\/rspamd/, /file-key/],
  ['a program of which nobody knows what it loads', 'timeout: 10 s, account: kluser }', 'timeout: 10 s }', 'licence.status.from[0].command[0]', /with our rights/, /account of the product/],
  ['a program that runs what it is given', `{ process: { ${PID_FILE} } }`, '{ command: [ /usr/bin/python3, /opt/x.py ], parser: first-line, key: null, timeout: 5 s, account: kluser }', 'service-start.from[0].command[0]', /runs whatever/, /product's own program/],
  ["a program that runs as another product's account", 'timeout: 10 s, account: kluser }', 'timeout: 10 s, account: postgres }', 'licence.status.from[0].account', /no account of the product/, /declared in accounts: kluser/],
  ['a query that writes', `{ process: { ${PID_FILE} } }`, '{ sql: { database: backup, query: "select 1; drop table x" } }', 'service-start.from[0].sql.query', /one SELECT/, /leave out ";"/],
  ['a query in a database that nobody declared', `{ process: { ${PID_FILE} } }`, '{ sql: { database: bakcup, query: "select 1" } }', 'service-start.from[0].sql.database', /"bakcup" is not declared/, /did you mean "backup"/],
  ['a table that is a statement', 'relation: public.asp_quarantine', 'relation: "x; drop table y"', 'stores[5].rows.relation', /must be a table/, /docs\/reference/],
  ['a NUL in a place', QUARANTINE, '"/var/opt/x\\0/**"', 'stores[5].files[0]', /cannot be seen/, /without NUL/],
  ['text that runs backwards', 'section: Anti-Spam Quarantine', 'section: "Anti\\u202EmapS"', 'stores[5].section', /cannot be seen/, /without NUL/],
  ['an unknown key', 'rotatable: false', 'rotateable: false', 'stores[9].rotateable', /not known here/, /did you mean "rotatable"/],
  ['an unknown key at the top', 'services: [', 'servces: [', 'servces', /not known here/, /did you mean "services"/],
  ['an unknown data type', '[ settings.address-lists,', '[ settings.adress-lists,', 'stores[9].data-categories[0]', /not declared/, /did you mean "settings.address-lists"/],
  ['a key that stands twice', 'rotatable: false', 'rotatable: false\n    rotatable: true', 'stores[9].rotatable', /second time/, /keep one/],
  ['an anchor', 'services: [ klms, klmsdb ]', 'services: &s [ klms, klmsdb ]', 'services', /an anchor/, /write the value out/],
  ['an alias', 'groups: [ klusers ]', 'groups: *s', 'accounts.groups', /an alias/, /write the value out/],
  ['a tag', 'vendor: Kaspersky', 'vendor: !!js/function Kaspersky', 'product.vendor', /a tag/, /leave the tag out/],
];

describe('a hostile profile', () => {
  it.each(HOSTILE)('with %s is refused, with its place and what to do', (_name, from, to, path, message, advice) => {
    expect(TEXT).toContain(from);
    const problem = problemsOf(TEXT.replace(from, () => to)).find((candidate) => candidate.path === path && message.test(candidate.message));
    expect(problem).toMatchObject({ path, advice: expect.stringMatching(advice) });
    expect(problem?.line).toBeGreaterThan(1);
  });

  it('of 50 MB is refused by its size alone', () => {
    const since = performance.now();
    expect(problemsOf(`${TEXT}\n#${'x'.repeat(50_000_000)}`)).toMatchObject([{ line: 1, message: expect.stringContaining('the limit is'), advice: expect.stringContaining('split it') }]);
    expect(performance.now() - since).toBeLessThan(1_000);
  });

  it('that doubles itself is refused before anything is multiplied', () => {
    const bomb = ['a: &a0 [ x, x ]', ...Array.from({ length: 30 }, (_value, index) => `k${index}: &a${index + 1} [ *a${index}, *a${index} ]`)].join('\n');
    const since = performance.now();
    expect(problemsOf(bomb).map((problem) => problem.line)).toContain(2);
    expect(performance.now() - since).toBeLessThan(1_000);
  });

  it('of nothing but brackets does not end the process', () => {
    expect(problemsOf(`stores: ${'['.repeat(200_000)}`)).toMatchObject([{ line: 1, advice: 'nest less deeply' }]);
  });

  it('tells at most as many mistakes as a person reads', () => {
    const many = problemsOf(TEXT.replace(QUARANTINE, Array.from({ length: 50 }, (_value, index) => `"x${index}"`).join(', ')));
    expect(many.length).toBe(50);
  });
});
