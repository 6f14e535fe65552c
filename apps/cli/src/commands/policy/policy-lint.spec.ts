import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PLAIN } from '../../output/terminal.js';
import { policyLint } from './policy-lint.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mailwarden-cli-lint-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const cap = (name: string, stores = 'kaspersky-klms-8/backup', limit = '1 GB'): string => `schema: mailwarden/policy/v1\nkind: retention\nname: ${name}\nreason: A test\nstores: [ ${stores} ]\nlimits: { bytes: ${limit} }\n`;

async function lint(texts: Readonly<Record<string, string>>, format: 'text' | 'json' = 'text'): Promise<{ exit: number; text: string }> {
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(dir, name), text);
  const lines: string[] = [];
  const exit = await policyLint(Object.keys(texts).map((name) => join(dir, name)), { dataDir: dir, format, style: PLAIN, print: (line) => lines.push(line) });
  return { exit, text: lines.join('\n') };
}

describe('mailwarden policy lint', () => {
  it('says that files are in order, and what they hold', async () => {
    expect(await lint({ 'a.yaml': `${cap('one')}---\n${cap('two')}` })).toEqual({ exit: 0, text: `${dir}/a.yaml: in order, 2 policies: retention one, retention two` });
  });

  it('names file and line of every mistake, in whichever document of the file', async () => {
    const { exit, text } = await lint({ 'a.yaml': `# caps\n${cap('one')}---\n# second\n${cap('two', 'kaspersky-klms-8/backup', '1 furlong')}`, 'b.yaml': cap('three').replace('limits', 'limtis') });
    expect(exit).toBe(2);
    expect(text).toMatch(/a\.yaml:15: limits\.bytes: .*furlong/);
    expect(text).toMatch(/b\.yaml:6: .*limtis/);
    expect(text).not.toContain('in order');
  });

  it('tells one name of two policies, also across files', async () => {
    const { exit, text } = await lint({ 'a.yaml': cap('one'), 'b.yaml': cap('one') });
    expect(exit).toBe(2);
    expect(text).toMatch(/b\.yaml:1: name: "one" is the name of two policies/);
  });

  it('warns of a store that no profile has, since such a policy would silently do nothing', async () => {
    const { exit, text } = await lint({ 'a.yaml': cap('one', 'kaspersky-klms-8/bakcup') });
    expect(exit).toBe(0);
    expect(text).toContain('no profile that ships has the store kaspersky-klms-8/bakcup');
    expect((await lint({ 'a.yaml': cap('one', '"*/backup", my-own/store') })).text).not.toContain('no profile');
  });

  it('prints the same as data', async () => {
    const { text } = await lint({ 'a.yaml': cap('one', 'kaspersky-klms-8/backup', '0 apples') }, 'json');
    expect(JSON.parse(text)).toMatchObject({ schema: 'mailwarden/policy-lint/v1', problems: [{ file: join(dir, 'a.yaml'), line: 6, path: 'limits.bytes' }], notes: [] });
  });
});
