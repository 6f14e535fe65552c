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

/** Rows of the vendor's table, in its words: heading, folders, duration, limit. Source: page 167766. */
const VENDOR_TABLE: [id: string, section: string, directories: string[] | null, duration: string, limit: [string, number] | null][] = [
  ['reports', 'Reports and monitoring', ['/var/opt/kaspersky'], 'indefinite', null],
  ['trace-log', 'Trace log', ['/var/log/kaspersky'], 'indefinite', ['bytes', 500e6]],
  ['event-log', 'Event log and audit log', ['/var/opt/kaspersky'], 'indefinite', ['records', 1_000_000]],
  ['audit-log', 'Event log and audit log', ['/var/opt/kaspersky'], 'indefinite', ['records', 1_000_000]],
  ['backup', 'Backup', ['/var/opt/kaspersky'], 'indefinite', ['bytes', 1e9]],
  ['antispam-quarantine', 'Anti-Spam Quarantine', ['/var/opt/kaspersky'], 'indefinite', ['bytes', 1e9]],
  ['kata-quarantine', 'KATA Quarantine', ['/var/opt/kaspersky'], 'indefinite', ['bytes', 1e9]],
  ['temporary', 'Temporary files', ['/tmp/klmstmp', '/tmp/klms_filter'], 'until-restart', null],
  ['configuration', 'Configuration files', ['/var/opt/kaspersky', '/etc/opt/kaspersky'], 'indefinite', null],
];

describe('the shipped profile', () => {
  it.each(VENDOR_TABLE)('has the row %s of the vendor page', (id, section, directories, duration, limit) => {
    const store = shipped().stores.find((candidate) => candidate.id === id);
    expect(store).toMatchObject({ section, statedDirectories: directories, duration: { kind: duration } });
    const stated = store?.limits.find((item) => item.source === 'help-167766');
    expect(stated === undefined ? null : [stated.kind, stated.value]).toEqual(limit);
  });
  it('has the rows that the page tells in prose, and no others', () => {
    expect(shipped().stores.map((store) => store.id).sort()).toEqual([...VENDOR_TABLE.map(([id]) => id), 'dumps', 'memory'].sort());
    expect(shipped().agreements.map((agreement) => agreement.id)).toEqual(['eula', 'privacy-policy', 'ksn-statement', 'supplementary-ksn-statement']);
  });
  it("shows both of the vendor's sizes for Backup", () => {
    expect(shipped().stores.find((store) => store.id === 'backup')?.limits.map((limit) => limit.written)).toEqual(['1 GB', '7.32 GB']);
  });
  it('puts a moved folder in its place, and never a folder of the system', () => {
    const filesOf = (value: string) => resolveVariables(shipped(), { backupPath: value }).stores.find((store) => store.id === 'backup')?.files;
    expect(filesOf('/srv/mail/backup/')).toEqual(['/srv/mail/backup/**']);
    for (const hostile of ['/', '/etc', '../x', '/a/../..', '/var/*/x', 'relative/path']) expect(filesOf(hostile)).toEqual(['/var/opt/kaspersky/klms/backup/**']);
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
    ['a store declared twice', '- id: kata-quarantine', '- id: backup', /twice/],
  ])('%s is told with its line', (_name, from, to, message) => {
    const problems = problemsOf(broken(from, to));
    expect(problems.map((problem) => problem.message).join('\n')).toMatch(message);
    for (const problem of problems) expect(problem.line).toBeGreaterThan(1);
  });
  it('a hostile file is refused before it costs anything', () => {
    expect(problemsOf('x'.repeat(50_000_000))[0]?.message).toContain('bytes');
    expect(problemsOf('a: &a [1]\nb: *a\n')).not.toHaveLength(0);
  });
});
