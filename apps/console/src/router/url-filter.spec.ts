import { describe, expect, it } from 'vitest';
import { eventFilter, findingFilter, fleetFilter, parseSearch, serverTab, writeSearch } from './url-filter.js';

describe('filters in the address', () => {
  it('take what the contract knows', () => {
    expect(findingFilter(parseSearch('?state=open&severity=high&server=mx-1&code=over-limit'))).toEqual({ state: 'open', severity: 'high', server: 'mx-1', code: 'over-limit' });
    expect(eventFilter(parseSearch('?event=rotation.proved'))).toEqual({ event: 'rotation.proved' });
    expect(serverTab(parseSearch('?tab=agent'))).toEqual({ tab: 'agent' });
  });

  it('leave out what nobody knows, so that a broken link still opens', () => {
    expect(findingFilter(parseSearch('?state=gone&severity=9&server=../etc&code=__proto__'))).toEqual({});
    expect(serverTab({ tab: 7 })).toEqual({});
    expect(fleetFilter(parseSearch('?find=%20%20&order=random'))).toEqual({});
  });

  it('come back as they were written', () => {
    const filter = fleetFilter(parseSearch('?find=role=mx & more'));
    expect(parseSearch(writeSearch({ find: '100 % "mx"', state: 'finding' }))).toEqual({ find: '100 % "mx"', state: 'finding' });
    expect(filter.find).toBe('role=mx');
    expect(writeSearch({})).toBe('');
  });
});
