import type { ServerRow } from '@mailwarden/contracts';
import { describe, expect, it } from 'vitest';
import { decisionButton, decisionConsequence } from './consequence.js';
import { groupsOf, scopeFrom, scopeWords, serversIn } from './scope-words.js';

const row = (server: string, labels: Record<string, string>): ServerRow => ({ server, labels }) as unknown as ServerRow;
const FLEET = [row('mx-1', { role: 'mx', region: 'eu' }), row('mx-2', { role: 'mx' }), row('archive', { role: 'archive' })];

describe('scopes', () => {
  it('reach the servers that they name', () => {
    expect(serversIn({ kind: 'organisation' }, FLEET)).toHaveLength(3);
    expect(serversIn({ kind: 'group', label: 'role', value: 'mx' }, FLEET).map(({ server }) => server)).toEqual(['mx-1', 'mx-2']);
    expect(serversIn({ kind: 'group', label: 'constructor', value: 'x' }, FLEET)).toEqual([]);
  });

  it('are read from the form only when they are chosen', () => {
    expect(groupsOf(FLEET)).toEqual(['region=eu', 'role=archive', 'role=mx']);
    expect(scopeFrom('group', 'role=mx')).toEqual({ kind: 'group', label: 'role', value: 'mx' });
    expect([scopeFrom('group', ''), scopeFrom('group', '=mx'), scopeFrom('server', '')]).toEqual([null, null, null]);
    expect(scopeWords({ kind: 'group', label: 'role', value: 'mx' })).toBe('servers with role=mx');
  });
});

describe('a decision', () => {
  it('says what it does before it is made', () => {
    expect(decisionButton('withdraw', 'KSN Statement', 1)).toBe('Withdraw KSN Statement for 1 server');
    expect(decisionConsequence('withdraw', ['Taking part in KSN'], 3, 1)).toBe('No longer permitted: taking part in KSN. Narrower grants made before end as well. 3 servers apply it as soon as the agent hears of it. 1 agent is silent and will follow on return.');
    expect(decisionConsequence('grant', [], 0, 0)).toContain('No server is in this scope now');
  });
});
