import { join } from 'node:path';
import { FINDING_CODES, FINDING_MEANINGS, type FindingCode } from '@mailwarden/contracts';
import { SEVERITIES, type Severity } from '@mailwarden/kernel';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { sourceFiles, type SourceFile } from '../architecture/source-files.js';

const ROOT = join(import.meta.dirname, '../..');

interface Raised {
  readonly code: FindingCode;
  readonly severities: readonly Severity[];
}

/** Every string that an expression can come out as, as far as it is written in place. */
const stringsIn = (node: ts.Node): string[] => (ts.isStringLiteral(node) ? [node.text] : ts.isConditionalExpression(node) ? [...stringsIn(node.whenTrue), ...stringsIn(node.whenFalse)] : []);

/** Findings that a file makes: object literals with a code of ours and a severity. */
function raisedIn({ path, text }: SourceFile): Raised[] {
  const found: Raised[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isObjectLiteralExpression(node)) {
      const valueOf = (name: string): string[] => node.properties.flatMap((member) => (ts.isPropertyAssignment(member) && member.name.getText() === name ? stringsIn(member.initializer) : []));
      const severities = valueOf('severity').filter((word): word is Severity => (SEVERITIES as readonly string[]).includes(word));
      for (const code of valueOf('code')) if ((FINDING_CODES as readonly string[]).includes(code) && severities.length > 0) found.push({ code: code as FindingCode, severities });
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true));
  return found;
}

const raised = sourceFiles(ROOT, ['libs/assessment/src', 'apps/reporting-service/src'])
  .filter(({ path }) => !path.endsWith('.spec.ts'))
  .flatMap(raisedIn);

describe('the reference of findings', () => {
  it('says of exactly those findings that they are raised which the code raises', () => {
    const documented = FINDING_CODES.filter((code) => FINDING_MEANINGS[code].raisedBy !== null);
    expect([...new Set(raised.map(({ code }) => code))].sort()).toEqual([...documented].sort());
  });

  it.each(FINDING_CODES.filter((code) => FINDING_MEANINGS[code].raisedBy !== null))('%s has the severities that the code gives it', (code) => {
    const given = new Set(raised.filter((item) => item.code === code).flatMap((item) => item.severities));
    for (const severity of FINDING_MEANINGS[code].severities) expect(given).toContain(severity);
    // A folder above a store is open for everyone by definition, which the shared expression cannot show.
    if (code !== 'parent-folder-open') expect([...given].sort()).toEqual([...FINDING_MEANINGS[code].severities].sort());
  });

  it.each(FINDING_CODES)('%s says what it means, when it is raised and what to do', (code) => {
    const { meaning, raised: when, advice, severities, weighed } = FINDING_MEANINGS[code];
    for (const sentence of [meaning, when, advice]) expect(sentence).toMatch(/^[A-Z].{15,}\.$/s);
    expect(weighed !== '').toBe(severities.length > 1);
  });
});
