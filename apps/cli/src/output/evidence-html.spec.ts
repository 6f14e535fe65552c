import { PeriodSummary, type PackVerdict } from '@mailwarden/evidence-pack';
import { describe, expect, it } from 'vitest';
import { evidencePage } from './evidence-html.js';
import { html } from './html.js';

const EVIL = `</style></title><script>alert("1")</script>'&\u202e`;
const verdict: PackVerdict = {
  holds: true, problems: [], notes: [EVIL], agreement: null, at: '2026-11-30T00:00:00.000Z' as never, keys: { [EVIL]: EVIL }, checkpoint: { size: 3, rootHash: EVIL, at: '2026-11-30T00:00:00.000Z' as never }, continues: null, texts: 0, servers: 1, decisions: [],
  period: { from: '2026-11-01T00:00:00.000Z' as never, to: '2026-12-01T00:00:00.000Z' as never, server: EVIL, first: null, last: { size: 3, at: '2026-11-30T00:00:00.000Z' as never }, entries: 3, signed: 1, hidden: 0, checkpoints: 0, servers: 1, kinds: {} },
};
const entry = (kind: string, data: object) => ({ index: 0, isSigned: true, statement: { form: 'message' as const, kind, by: EVIL, at: EVIL, server: EVIL, data: data as Record<string, unknown> } });

describe('HTML', () => {
  it('encodes every value, and shows what would not be seen', () => {
    expect(html`<p>${EVIL}</p>${[html`<b>${1}</b>`]}`.text).toBe('<p>&lt;/style&gt;&lt;/title&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp;\\u202e</p><b>1</b>');
  });
});

describe('the page of a pack', () => {
  it('is one file without script, image or address, whatever the pack says', () => {
    const summary = new PeriodSummary();
    summary.take(entry('decision', { id: EVIL, facts: { agreement: EVIL, action: EVIL, scope: EVIL, revision: 1 } }));
    summary.take(entry('policy', { facts: { policy: EVIL, kind: EVIL } }));
    summary.take(entry('membership', { id: EVIL, facts: { status: EVIL } }));
    summary.take(entry('operator-action', { facts: { action: EVIL, operator: EVIL } }));
    summary.finish();
    for (const one of [verdict, { ...verdict, holds: false, problems: [{ line: 1, code: 'wrong-leaf' as const, message: EVIL }] }]) {
      const page = evidencePage(one, summary, { sha256: EVIL, knownKeys: false });
      expect(page).not.toMatch(/<script|<img|<link|<iframe|javascript:|\u202e|https?:\/\//i);
      expect(page.match(/<\/style>/g)).toHaveLength(1);
      expect(page).toContain("default-src 'none'");
      expect(page.includes('It does not hold.')).toBe(!one.holds);
    }
  });

  it('says what was not checked', () => {
    const page = evidencePage(verdict, new PeriodSummary(), { sha256: 'ab', knownKeys: false });
    expect(page).toContain('It was checked by its own keys');
    expect(page).toContain('no checkpoint that was kept elsewhere was given');
    expect(evidencePage({ ...verdict, continues: 2 }, new PeriodSummary(), { sha256: 'ab', knownKeys: true })).not.toContain('by its own keys');
  });
});
