import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { checkAgainst } from './check-against.js';
import { readStrictYaml, readStrictYamlDocuments } from './read-strict-yaml.js';

const problemsOf = (text: string) => {
  const read = readStrictYaml(text);
  return read.ok ? [] : read.error;
};

describe('reading YAML strictly', () => {
  it('refuses what lets a small file mean a huge one', () => {
    const bomb = 'a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n';
    expect(problemsOf(bomb).map((problem) => problem.line)).toEqual(expect.arrayContaining([1, 2, 3]));
    expect(problemsOf('a: !!js/function "x"')[0]?.message).toContain('tag');
  });
  it('refuses duplicate keys, deep nesting and large files', () => {
    expect(problemsOf('a: 1\nb: 2\na: 3\n')[0]).toMatchObject({ line: 3, advice: 'keep one of the two' });
    expect(problemsOf(`${'['.repeat(200)}${']'.repeat(200)}`)).not.toHaveLength(0);
    expect(problemsOf('x'.repeat(300_000))[0]?.message).toContain('300000 bytes');
    expect(problemsOf('')).toHaveLength(1);
  });
  it('reads several documents, and one where one is wanted', () => {
    expect(readStrictYamlDocuments('a: 1\n---\nb: 2\n')).toMatchObject({ ok: true, value: [{ value: { a: 1 } }, { value: { b: 2 } }] });
    expect(problemsOf('a: 1\n---\nb: 2\n')).toHaveLength(1);
  });
  it('says where a form is broken and what was meant', () => {
    const form = z.strictObject({ stores: z.array(z.strictObject({ limits: z.number() })) });
    const read = readStrictYaml('stores:\n  - limits: 1\n  - limit: 2\n');
    if (!read.ok) throw new Error('must read');
    const checked = checkAgainst(form, read.value);
    expect(checked.ok ? [] : checked.error).toEqual(expect.arrayContaining([expect.objectContaining({ line: 3, path: 'stores[1].limit', advice: 'did you mean "limits"?' })]));
  });
});
