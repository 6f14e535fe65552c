import { EVENT_NAMES } from '@mailwarden/contracts';
import { describe, expect, it } from 'vitest';
import { eventLine } from './event-line.js';

describe('events in one line', () => {
  it('tell what happened', () => {
    expect(eventLine({ event: 'rotation.completed', detail: { store: 'backup', outcome: 'completed', itemsDeleted: 1204, bytesDeleted: 212_000_000 } })).toBe('backup: completed, 1\u202f204 entries deleted, 212 MB');
    expect(eventLine({ event: 'finding.resolved', detail: { code: 'over-limit', openSeconds: 190 } })).toBe('over-limit resolved after 3 minutes');
  });

  it('survive a detail that is not what they expect', () => {
    for (const event of EVENT_NAMES) expect(() => eventLine({ event, detail: { message: { nested: true }, size: 'many' } })).not.toThrow();
    expect(eventLine({ event: 'something.new', detail: { a: 1, b: { c: 2 } } })).toBe('a 1, b {"c":2}');
  });
});
