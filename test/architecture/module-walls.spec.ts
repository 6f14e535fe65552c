import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cruise, type IViolation } from 'dependency-cruiser';
import { describe, expect, it } from 'vitest';
import walls from '../../.dependency-cruiser.mjs';
import { WORKSPACE_ROOT } from './source-files.js';

const FIXTURES = join(WORKSPACE_ROOT, 'test/architecture/fixtures/module-walls');

async function violationsBelow(baseDir: string): Promise<IViolation[]> {
  const result = await cruise(['libs', 'apps'], { ...walls.options, baseDir, ruleSet: { forbidden: walls.forbidden }, validate: true });
  if (typeof result.output === 'string') throw new Error('expected the result as data');
  return [...result.output.summary.violations];
}

const told = (violation: IViolation): string => `${violation.rule.name}: ${violation.from} -> ${violation.to}`;

describe('walls between modules', () => {
  it('stand in the workspace', async () => {
    expect((await violationsBelow(WORKSPACE_ROOT)).map(told)).toEqual([]);
  }, 120_000);

  it.each(walls.forbidden.map((rule) => rule.name))('%s bites', async (name) => {
    const violations = await violationsBelow(join(FIXTURES, name));
    expect(violations.map((violation) => violation.rule.name)).toContain(name);
  });

  it('has no fixture without a rule', () => {
    expect(readdirSync(FIXTURES).sort()).toEqual(walls.forbidden.map((rule) => rule.name).sort());
  });
});
