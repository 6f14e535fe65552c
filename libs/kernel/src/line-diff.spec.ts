import { describe, expect, it } from 'vitest';
import { lineDiff } from './line-diff.js';

const marks = { same: ' ', gone: '-', new: '+' } as const;
const told = (before: string, after: string): string[] => lineDiff(before, after).map(({ kind, text }) => `${marks[kind]}${text}`);

describe('how two texts differ', () => {
  it('names the lines that go and those that come, and keeps the rest', () => {
    expect(told('a\nmode: observe\nb\n', 'a\nmode: enforce\nb\n')).toEqual([' a', '-mode: observe', '+mode: enforce', ' b']);
    expect(told('a\nb\nc', 'b\nc\nd')).toEqual(['-a', ' b', ' c', '+d']);
  });

  it('knows a text that is new, gone or the same', () => {
    expect(told('', 'a\nb\n')).toEqual(['+a', '+b']);
    expect(told('a\n', '')).toEqual(['-a']);
    expect(told('a\nb', 'a\nb')).toEqual([' a', ' b']);
  });

  it('takes texts that are too long to compare as two blocks', () => {
    const long = 'a\n'.repeat(3_000);
    expect(lineDiff(long, long).filter(({ kind }) => kind === 'gone')).toHaveLength(3_000);
  });
});
