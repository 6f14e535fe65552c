import { describe, expect, it } from 'vitest';
import { decisionRows } from './decision-rows.js';

const HEAD = 'agreement,action,scope,on-behalf-of,reason,decided-at';
const NOW = '2026-11-29T15:00:00.000Z';
const HASH = 'a'.repeat(64);
const rows = (text: string) => {
  const read = decisionRows(text, NOW);
  if (!read.ok) throw new Error(JSON.stringify(read.error));
  return read.value;
};
const problems = (text: string) => {
  const read = decisionRows(text, NOW);
  return read.ok ? [] : read.error.map(({ line, message }) => `${line}: ${message}`);
};

describe('decisions of a file', () => {
  it('are read from CSV with quotes, lines in fields, an empty line, a mark of the encoding and columns in any order', () => {
    const text = `\uFEFFAction,Agreement,scope,On-Behalf-Of,reason,decided-at,valid-until,text\r\ngrant,eula,,"Example, Ltd","said ""yes""\r\ntwice",2026-03-01,2027-03-01,${HASH}\r\n\r\nwithdraw,ksn-statement,group role=mx,Example,late,2026-03-02,,\r\n`;
    expect(rows(text)).toEqual([
      { line: 3, decision: { agreement: 'eula', action: 'grant', scope: { kind: 'organisation' }, onBehalfOf: 'Example, Ltd', reason: 'said "yes"\ntwice', decidedAt: '2026-03-01T00:00:00.000Z', validUntil: '2027-03-01T23:59:59.999Z', region: null, textSha256: HASH } },
      { line: 5, decision: { agreement: 'ksn-statement', action: 'withdraw', scope: { kind: 'group', label: 'role', value: 'mx' }, onBehalfOf: 'Example', reason: 'late', decidedAt: '2026-03-02T23:59:59.999Z', validUntil: null, region: null, textSha256: null } },
    ]);
  });

  it('are of a day as far as it has passed, where they refuse', () => {
    expect(rows(`${HEAD}\neula,withdraw,,Example,no,2026-11-29\neula,grant,,Example,yes,2026-11-29\n`).map(({ decision }) => decision.decidedAt)).toEqual([NOW, '2026-11-29T00:00:00.000Z']);
  });

  it('are read where a spreadsheet writes semicolons', () => {
    expect(rows(`${HEAD.replaceAll(',', ';')}\neula;grant;server mx-1;Example;yes, really;2026-03-01T12:00:00Z\n`)).toMatchObject([{ line: 2, decision: { scope: { kind: 'server', server: 'mx-1' }, reason: 'yes, really', decidedAt: '2026-03-01T12:00:00.000Z' } }]);
  });

  it('are read from JSON, each with its line', () => {
    expect(rows('[\n  { "agreement": "eula", "action": "grant", "on-behalf-of": "Example", "reason": "yes", "decided-at": "2026-03-01" },\n\n  { "agreement": "eula", "action": "decline", "on-behalf-of": "Example", "reason": "no", "decided-at": "2026-03-02", "region": "eu" }\n]')).toMatchObject([
      { line: 2, decision: { action: 'grant', region: null } },
      { line: 4, decision: { action: 'decline', region: 'eu' } },
    ]);
  });

  it('tell every mistake with its line, and read nothing by half', () => {
    expect(problems(`${HEAD}\neula,gran,,Example,yes,2026-03-01\nEULA,grant,,Example,yes,2026-03-01\neula,grant,,,yes,2026-03-01\neula,grant,servers all,Example,yes,2026-03-01\neula,grant,group role,Example,yes,2026-03-01\neula,grant,,Example,yes,2026-02-31\n`).map((line) => line.split(':')[0])).toEqual(['2', '3', '4', '5', '6', '7']);
    expect(problems(`${HEAD},who\neula,grant,,Example,yes,2026-03-01,me\n`)[0]).toMatch(/^2: .*who/);
    expect(problems(`${HEAD}\neula,grant\n`)[0]).toMatch(/^2: /);
    expect(problems(`${HEAD}\neula,grant,,"Example,yes,2026-03-01\n`)).toHaveLength(1);
    expect(problems('[\n  { "agreement": "eula" },\n  { "agreement": "eula", "action": "grant", "on-behalf-of": "Example", "reason": "yes", "decided-at": "yesterday", "more": 1 }\n]').length).toBeGreaterThan(1);
  });

  it.each(['', '\n\n', HEAD, `${HEAD}\n`, '[]', '[', '[1]', 'nonsense', '\u0000\u0001'])('are none in %j, which is said', (text) => {
    expect(problems(text).length).toBeGreaterThan(0);
  });
});
