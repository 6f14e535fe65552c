import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseProfile } from './parse-profile.js';
import { resolveVariables } from './resolve-variables.js';

const TEXT = readFileSync(new URL('../profiles/kaspersky-klms-8.yaml', import.meta.url), 'utf8');
const shipped = () => {
  const parsed = parseProfile(TEXT);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error.slice(0, 5), null, 1));
  return parsed.value;
};
const problemsOf = (text: string) => {
  const parsed = parseProfile(text);
  return parsed.ok ? [] : parsed.error;
};
const broken = (from: string, to: string): string => {
  if (!TEXT.includes(from)) throw new Error(`the profile no longer holds ${from}`);
  return TEXT.replace(from, to);
};

describe('the shipped profile', () => {
  it("shows both of the vendor's sizes for Backup", () => {
    expect(shipped().stores.find((store) => store.id === 'backup')?.limits.map((limit) => limit.written)).toEqual(['1 GB', '7.32 GB']);
  });
  it('puts a moved folder in its place, and never a folder of the system', () => {
    const filesOf = (value: string) => resolveVariables(shipped(), { backupPath: value }).stores.find((store) => store.id === 'backup')?.files;
    expect(filesOf('/srv/mail/backup/')).toEqual(['/srv/mail/backup/**']);
    for (const hostile of ['/', '/etc', '/etc/ssh', '/usr/lib/x', '/var/log', '/var/lib/', '/proc/1', '/var/lib/dpkg/info', '../x', '/a/../..', '/var/*/x', 'relative/path', '/srv/a\0b']) expect(filesOf(hostile)).toEqual(['/var/opt/kaspersky/klms/backup/**']);
  });
});

describe('mistakes in a profile', () => {
  it.each([
    ['a relative place', '"/var/log/kaspersky/**" ]\n    active', '"var/log/kaspersky/**" ]\n    active', /absolute/],
    ['a place that climbs', '/var/opt/kaspersky/klms/asp_quarantine/**', '/var/opt/../etc/**', /climbs/],
    ['the root', '/var/opt/kaspersky/klms/asp_quarantine/**', '/**', /system/],
    ['a folder of the system', '/var/opt/kaspersky/klms/asp_quarantine/**', '/etc/**', /system/],
    ['an unknown key', 'rotatable: false', 'rotateable: false', /not known/],
    ['an unknown source', 'source: help-88718 }\n    configured', 'source: help-99999 }\n    configured', /help-99999/],
    ['an unknown variable', '"${backupPath}/**"', '"${backupPaht}/**"', /backupPaht/],
    ['a size without a unit', 'bytes: 500 MB', 'bytes: "500"', /unit/],
    ['an agreement that nobody declared', 'requires: [ eula ]', 'requires: [ eulla ]', /eulla/],
    ['a range of versions that cannot be read', 'versions: ">=8.0.0 <9"', 'versions: "8.x"', /no range of versions/],
    ['a store declared twice', '- id: kata-quarantine', '- id: backup', /twice/],
  ])('%s is told with its line', (_name, from, to, message) => {
    const problems = problemsOf(broken(from, to));
    expect(problems.map((problem) => problem.message).join('\n')).toMatch(message);
    for (const problem of problems) expect(problem.line).toBeGreaterThan(1);
  });
});
