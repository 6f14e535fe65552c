import type { Hold } from '@mailwarden/contracts';
import { describe, expect, it } from 'vitest';
import { heldSpans } from './held-spans.js';

const hold = (from: string | null, until: string | null): Hold => ({ id: 'case', store: null, from, until, reason: 'open' }) as Hold;
const at = (text: string): number => Date.parse(text);

describe('the times that holds keep', () => {
  it('are told once where they meet', () => {
    const spans = heldSpans([hold('2026-03-01T00:00:00Z', '2026-04-01T00:00:00Z'), hold('2026-01-01T00:00:00Z', '2026-01-31T00:00:00Z'), hold('2026-03-15T00:00:00Z', '2026-05-01T00:00:00Z')]);
    expect(spans).toEqual([
      { fromMs: at('2026-01-01T00:00:00Z'), untilMs: at('2026-01-31T00:00:00Z') },
      { fromMs: at('2026-03-01T00:00:00Z'), untilMs: at('2026-05-01T00:00:00Z') },
    ]);
  });

  it('are without end where a moment is open or cannot be read', () => {
    expect(heldSpans([hold(null, 'soon')])).toEqual([{ fromMs: -Infinity, untilMs: Infinity }]);
    expect(heldSpans([hold('2026-01-01T00:00:00Z', null)])).toEqual([{ fromMs: at('2026-01-01T00:00:00Z'), untilMs: Infinity }]);
    expect(heldSpans([])).toEqual([]);
  });

  it('are those of their span for single messages', () => {
    expect(heldSpans([{ ...hold('2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z'), messages: ['0'.repeat(64)] } as Hold])).toEqual([{ fromMs: at('2026-01-01T00:00:00Z'), untilMs: at('2026-02-01T00:00:00Z') }]);
  });
});
