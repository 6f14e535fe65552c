import { describe, expect, it } from 'vitest';
import { readStrictYaml, YAML_BYTES_MAX } from './read-strict-yaml.js';

const problemsOf = (text: string) => {
  const read = readStrictYaml(text);
  return read.ok ? [] : read.error;
};

describe('what no file may hold', () => {
  it.each([
    ['an anchor', 'a: 1\nb:\n  - &x [1]\n', { line: 3, path: 'b[0]', advice: /write the value out/ }],
    ['an alias', 'a: &x 1\nb: { c: *x }\n', { line: 2, path: 'b.c', advice: /write the value out/ }],
    ['a merge', 'a: { x: 1 }\nb:\n  <<: { y: 2 }\n', { line: 3, path: 'b.<<', advice: /write the values out/ }],
    ['a tag of its own', 'a: 1\nb: !x 2\n', { line: 2, path: 'b', advice: /leave the tag out/ }],
    ['a tag of the language', 'a: 1\nb: !!binary "aGk="\n', { line: 2, path: 'b', advice: /leave the tag out/ }],
    ['a key that stands twice', 'a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n', { line: 5, path: 'b.c', advice: /keep one/ }],
    ['a list as a key', 'a: 1\n? [x, y]\n: 2\n', { line: 2, path: '?', advice: /a word as the key/ }],
    ['a NUL, written out', 'a: 1\nb: [ "x\\0y" ]\n', { line: 2, path: 'b[0]', advice: /plain text/ }],
    ['a NUL byte', 'a: 1\nb: x\0y\n', { line: 2, path: 'b', advice: /plain text/ }],
    ['a NUL in a key', 'a: 1\n"b\\0c": 2\n', { line: 2, path: 'b\0c', advice: /plain text/ }],
    ['text that runs backwards', 'a: 1\nb: "x\u202Ey"\n', { line: 2, path: 'b', advice: /plain text/ }],
    ['half a character', 'a: 1\nb: "\\uD800"\n', { line: 2, path: 'b', advice: /whole character/ }],
    ['a number that is none', 'a: 1\nb: .nan\n', { line: 2, path: 'b', advice: /write a number/ }],
  ])('%s is told with its place', (_name, text, { line, path, advice }) => {
    const [problem] = problemsOf(text).filter((candidate) => advice.test(candidate.advice) && candidate.line === line);
    expect(problem).toMatchObject({ line, path });
  });

  it.each([
    ['brackets', '['.repeat(100_000)],
    ['dashes', '- '.repeat(100_000)],
    ['maps', '{a: '.repeat(50_000)],
    ['question marks', '? '.repeat(100_000)],
    ['brackets behind text', `a: "[[["\n# [[[\nb: ${'[\n'.repeat(60_000)}`],
    ['lines', Array.from({ length: 600 }, (_value, depth) => `${' '.repeat(depth)}a:`).join('\n')],
  ])('nesting by %s ends in one sentence', (_name, text) => {
    expect(problemsOf(text).map((problem) => problem.advice)).toEqual(['nest less deeply']);
  });

  it('brackets in text are no nesting', () => {
    expect(problemsOf(`a: "${'['.repeat(99)}"\nb: >-\n  ${'{'.repeat(99)}\n# ${'- '.repeat(99)}\nc: ${'-'.repeat(99)}\n`)).toEqual([]);
    expect(problemsOf(`${'['.repeat(30)}${']'.repeat(30)}`)).toEqual([]);
  });

  it('takes no longer for many keys than for few', () => {
    const keys = Array.from({ length: 30_000 }, (_value, index) => `k${index}:`).join('\n');
    expect(Buffer.byteLength(keys)).toBeLessThan(YAML_BYTES_MAX);
    const since = performance.now();
    expect(problemsOf(`${keys}\nk7:\n`)).toMatchObject([{ line: 30_001, path: 'k7' }]);
    expect(performance.now() - since).toBeLessThan(2_500);
  });
});
