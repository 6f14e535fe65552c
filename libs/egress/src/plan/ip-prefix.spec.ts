import { BlockList, isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressText, holds, joined, networkText, parseIpPrefix, prefixText, rangeOf, withoutContained, type IpPrefix } from './ip-prefix.js';

const of = (text: string): IpPrefix => {
  const parsed = parseIpPrefix(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.error}`);
  return parsed.value;
};
const v4Prefix = fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 }));
const v6Prefix = fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 }));

describe('addresses and prefixes', () => {
  it('are read as they are written, in one form', () => {
    expect(prefixText(of('192.0.2.7'))).toBe('192.0.2.7');
    expect(prefixText(of('192.0.2.7/24'))).toBe('192.0.2.0/24');
    expect(prefixText(of('2001:DB8::1'))).toBe('2001:db8:0:0:0:0:0:1');
    expect(prefixText(of('2001:db8::/32'))).toBe('2001:db8:0:0:0:0:0:0/32');
    expect(prefixText(of('::'))).toBe('0:0:0:0:0:0:0:0');
    expect(prefixText(of('::ffff:192.0.2.7'))).toBe('192.0.2.7');
    expect(prefixText(of('::ffff:192.0.2.7/120'))).toBe('192.0.2.0/24');
  });

  it.each(['', 'host.example', '192.0.2.7/33', '2001:db8::/129', '192.0.2.7/', '192.0.2.7/-1', '192.0.2.7/08', '1.2.3', 'fe80::1%eth0', '192.0.2.7/24/8', '192.0.2.1; flush ruleset', ' 192.0.2.7'])('%j is none', (text) => {
    expect(parseIpPrefix(text).ok).toBe(false);
  });

  it('hold what Node says that they hold', () => {
    fc.assert(
      fc.property(fc.oneof(fc.tuple(fc.array(v4Prefix, { maxLength: 12 }), fc.ipV4(), fc.constant('ipv4' as const)), fc.tuple(fc.array(v6Prefix, { maxLength: 12 }), fc.ipV6(), fc.constant('ipv6' as const))), ([prefixes, address, family]) => {
        // Node compares an IPv4 address that is written as IPv6 by other rules.
        const isPlain = (text: string): boolean => of(text).family === (family === 'ipv4' ? 4 : 6);
        fc.pre(isPlain(address) && prefixes.every(([base]) => isPlain(base)));
        const list = new BlockList();
        for (const [base, bits] of prefixes) list.addSubnet(base, bits, family);
        const ranges = prefixes.map(([base, bits]) => of(`${base}/${bits}`)).map(rangeOf);
        expect(holds(joined(ranges), of(address).base)).toBe(list.check(address, family));
        const apart = withoutContained(prefixes.map(([base, bits]) => of(`${base}/${bits}`)));
        expect(joined(apart.map(rangeOf))).toEqual(joined(ranges));
        for (const [index, prefix] of apart.entries()) {
          const next = apart[index + 1];
          if (next !== undefined) expect(next.base > rangeOf(prefix).last).toBe(true);
        }
      }),
    );
  });

  it('come back from their text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const { family, base } = of(text);
        const written = addressText(family, base);
        expect(isIP(written)).toBe(family);
        expect(of(written)).toEqual(of(text));
      }),
    );
  });

  it.each([
    ['192.0.2.77', '192.0.2.0/24'],
    ['2001:db8:1:2::9', '2001:db8:1:0:0:0:0:0/48'],
    ['::ffff:198.51.100.3', '198.51.100.0/24'],
    ['nobody', ''],
  ])('tells of %s its network alone', (address, network) => {
    expect(networkText(address)).toBe(network);
  });
});
