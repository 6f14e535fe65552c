import { describe, expect, it } from 'vitest';
import { KeyBook } from './key-book.js';

const key = (letter: string): string => letter.repeat(43);
const [ONE, TWO, THREE] = ['A', 'B', 'C'].map(key) as [string, string, string];
const at = (day: number): string => `2026-11-0${day}T00:00:00.000Z`;
const member = (day: number, agentkey: string, more: object = {}): Record<string, unknown> => ({ kind: 'membership', id: 'mx-1', at: at(day), facts: { status: 'active', agentkey, executorkey: key('X'), ...more } });

describe('keys of servers over time', () => {
  it('count as the ledger has them: the newest for all, and one that was replaced for what was said before', () => {
    const book = new KeyBook();
    expect(book.keysOf('agent', 'mx-1', at(1))).toEqual([]);
    expect([member(1, ONE), member(3, TWO)].map((statement) => book.learn(statement))).toEqual([true, true]);
    expect(book.keysOf('agent', 'mx-1', at(2))).toEqual([ONE, TWO]);
    expect(book.keysOf('agent', 'mx-1', at(4))).toEqual([TWO]);
    expect(book.keysOf('executor', 'mx-1', at(4))).toEqual([key('X')]);
    expect(book.keysOf('agent', 'mx-2', at(4))).toEqual([]);
  });

  it('do not change when a label does, and come back when a key does', () => {
    const book = new KeyBook();
    for (const statement of [member(1, ONE), member(2, ONE), member(3, TWO), member(4, ONE)]) book.learn(statement);
    expect(book.keysOf('agent', 'mx-1', at(5))).toEqual([ONE]);
  });

  it('count for nothing once the server was taken out as compromised, whatever time is said', () => {
    const book = new KeyBook();
    for (const statement of [member(1, ONE), member(2, TWO), member(3, TWO, { status: 'revoked', cause: 'revoked' })]) book.learn(statement);
    expect(book.keysOf('agent', 'mx-1', at(1))).toEqual([]);
    expect(book.keysOf('executor', 'mx-1', at(1))).toEqual([]);
    book.learn(member(4, THREE));
    expect(book.keysOf('agent', 'mx-1', at(1))).toEqual([THREE]);
  });

  it('count for what was said before, where a server was only retired', () => {
    const book = new KeyBook();
    for (const statement of [member(1, ONE), member(3, ONE, { status: 'revoked', cause: 'retired' })]) book.learn(statement);
    expect(book.keysOf('agent', 'mx-1', at(2))).toEqual([ONE]);
    expect(book.keysOf('agent', 'mx-1', at(4))).toEqual([]);
  });

  it('are not learnt from what names none', () => {
    const book = new KeyBook();
    for (const statement of [{}, { ...member(1, ONE), facts: null }, { ...member(1, ONE), id: 7 }, member(1, 'short'), { ...member(1, ONE), facts: { __proto__: null, agentkey: ONE } }]) expect(book.learn(statement as never)).toBe(false);
  });
});
