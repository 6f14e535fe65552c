import { describe, expect, it } from 'vitest';
import { hostsFrom, resolversFrom } from './host-facts.js';

describe('name servers of a host', () => {
  it('are the first three that are named, without the interface that some are reached by', () => {
    expect(resolversFrom('# a comment\nsearch example\nnameserver 192.0.2.53\n nameserver\t2001:db8::53\nnameserver fe80::1%eth0\nnameserver 192.0.2.54\n')).toEqual(['192.0.2.53', '2001:db8::53', 'fe80::1']);
  });

  it.each(['', 'nameserver\n', 'nameserver not-an-address\n', '\u0000'])('are none where nobody is named: %j', (text) => {
    expect(resolversFrom(text)).toEqual([]);
  });
});

describe('names that a host knows by itself', () => {
  it('have all their addresses, whatever their case, and no comments', () => {
    const hosts = hostsFrom('127.0.0.1 localhost\n192.0.2.7\tCloud.example alias # not this\n2001:db8::7 cloud.example\nnonsense cloud.example\n#192.0.2.9 cloud.example\n');
    expect(hosts.get('cloud.example')).toEqual(['192.0.2.7', '2001:db8::7']);
    expect(hosts.get('alias')).toEqual(['192.0.2.7']);
    expect(hosts.has('not')).toBe(false);
  });
});
