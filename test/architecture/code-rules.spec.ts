import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ADVICE, breachesOf, type RuleName } from './code-rules.js';
import { sourceFiles, WORKSPACE_ROOT } from './source-files.js';

const FIXTURES = join(WORKSPACE_ROOT, 'test/architecture/fixtures/code-rules');
/** The rules' own words, which name what they forbid. */
const RULE_FILES = new Set(['test/architecture/code-rules.ts']);

describe('rules about code', () => {
  it('hold in the workspace', () => {
    const files = sourceFiles(WORKSPACE_ROOT, ['libs', 'apps', 'test']).filter((file) => !RULE_FILES.has(file.path));
    expect(files.length).toBeGreaterThan(50);
    expect(files.flatMap(breachesOf)).toEqual([]);
  });

  it.each(Object.keys(ADVICE) as RuleName[])('%s bites', (rule) => {
    const found = sourceFiles(join(FIXTURES, rule), ['libs']).flatMap(breachesOf);
    expect(new Set(found.map((breach) => breach.rule))).toEqual(new Set([rule]));
  });

  it('does not take a rename of something else for a file operation', () => {
    const text = "import { readFile } from 'node:fs/promises';\nexport const x = (list: { rename(): void }) => list.rename();\nexport const y = readFile;\n";
    expect(breachesOf({ path: 'libs/config/src/list.ts', text })).toEqual([]);
  });
});
