import type { LiveUpdate } from '@mailwarden/contracts';
import { describe, expect, it } from 'vitest';
import { keysOf, withoutRepeats } from './topic-keys.js';

const mx1 = 'mx-1' as LiveUpdate['server'];

describe('what a live update makes old', () => {
  it('is the one server when it is named, every server when not', () => {
    expect(keysOf({ topic: 'server', server: mx1 })).toContainEqual(['server', 'mx-1']);
    expect(keysOf({ topic: 'consent', server: null })).toContainEqual(['server']);
  });

  it('leaves other pages alone', () => {
    expect(keysOf({ topic: 'events', server: mx1 })).toEqual([['events']]);
  });

  it('is asked for once', () => {
    const keys = withoutRepeats([['server', 'mx-1'], ['fleet'], ['server'], ['fleet'], ['server', 'mx-2']]);
    expect(keys).toEqual([['fleet'], ['server']]);
  });
});
