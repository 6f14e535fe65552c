import { describe, expect, it } from 'vitest';
import { wishOf } from './key-sequence.js';
import { PLACES } from './places.js';

const press = (key: string, part: { typing?: boolean; modified?: boolean } = {}) => ({ key, typing: false, modified: false, ...part });

describe('keys', () => {
  it('lead to pages after g', () => {
    expect(wishOf(press('g'), false)).toEqual({ kind: 'wait' });
    expect(wishOf(press('f'), true)).toEqual({ kind: 'go', to: '/findings' });
    expect(wishOf(press('s'), true)).toEqual({ kind: 'go', to: '/' });
    expect(wishOf(press('f'), false)).toEqual({ kind: 'nothing' });
    expect(wishOf(press('z'), true)).toEqual({ kind: 'nothing' });
  });

  it('mean themselves while a text is written or the browser is meant', () => {
    for (const key of ['g', '/', '?']) expect(wishOf(press(key, { typing: true }), false)).toEqual({ kind: 'nothing' });
    expect(wishOf(press('g', { modified: true }), false)).toEqual({ kind: 'nothing' });
  });

  it('are one per page', () => {
    expect(new Set(PLACES.map(({ key }) => key)).size).toBe(PLACES.length);
  });
});
