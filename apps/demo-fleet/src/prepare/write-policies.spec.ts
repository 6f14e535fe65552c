import { existsSync, mkdtempSync, readdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SHIPPED_POLICIES_DIR, writePolicies } from './write-policies.js';

let scratch: string;
let mark: string;
let policyDir: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'mailwarden-demo-policies-'));
  [mark, policyDir] = [join(scratch, 'begun'), join(scratch, 'policies')];
});
afterEach(() => rmSync(scratch, { recursive: true, force: true }));
const shipped = readdirSync(SHIPPED_POLICIES_DIR).sort();

describe('policies of the demo', () => {
  it('are written where there are none', () => {
    writePolicies(policyDir, mark);
    expect(readdirSync(policyDir).sort()).toEqual(shipped);
    expect(existsSync(mark)).toBe(false);
  });

  it('leave an operator\'s own folder alone, also one that took some of them away', () => {
    writePolicies(policyDir, mark);
    unlinkSync(join(policyDir, 'mx-2-limits.yaml'));
    writePolicies(policyDir, mark);
    expect(readdirSync(policyDir)).not.toContain('mx-2-limits.yaml');
  });

  it('are completed after a start that was cut short between two of them', () => {
    writePolicies(policyDir, mark);
    unlinkSync(join(policyDir, 'mx-2-limits.yaml'));
    writeFileSync(mark, '');
    writePolicies(policyDir, mark);
    expect(readdirSync(policyDir).sort()).toEqual(shipped);
  });
});
