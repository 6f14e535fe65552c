import { describe, expect, it } from 'vitest';
import { addressesOf, destinationsOf, parseListing, shapeOf, type ListedItem } from './listing.js';

const listed = (...items: readonly unknown[]): readonly ListedItem[] => {
  const parsed = parseListing(JSON.stringify({ nftables: [{ metainfo: { version: '1.0.6' } }, ...items] }));
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
};
const seen = (...elem: readonly unknown[]): unknown => ({ set: { family: 'inet', name: 'seen4', table: 'mailwarden', type: ['uid', 'ipv4_addr', 'inet_proto', 'inet_service'], elem } });

describe('a listing', () => {
  it.each(['not json', '{}', '{"nftables":{}}', '{"nftables":[]}\n{"nftables"'])('that is none is told: %s', (text) => {
    expect(parseListing(text)).toMatchObject({ ok: false, error: { code: 'unreadable' } });
  });

  it('of destinations is read, and one of another form is told instead of left out', () => {
    const good = { elem: { val: { concat: [1_000, '192.0.2.7', 'tcp', 443] }, expires: 86_399, counter: { packets: 3, bytes: 180 } } };
    const numeric = { elem: { val: { concat: [1_000, '192.0.2.7', 132, 443] }, timeout: 5, expires: 4 } };
    expect(destinationsOf(listed(seen(good, numeric)), 'seen4')).toEqual({
      ok: true,
      value: [
        { account: 1_000, address: '192.0.2.7', protocol: 'tcp', port: 443, packets: 3, bytes: 180, expiresSeconds: 86_399 },
        { account: 1_000, address: '192.0.2.7', protocol: '132', port: 443, packets: 0, bytes: 0, expiresSeconds: 4 },
      ],
    });
    expect(destinationsOf(listed(seen(good, { elem: { val: { concat: ['root', '192.0.2.7'] } } })), 'seen4')).toMatchObject({ ok: false, error: { code: 'unreadable' } });
    expect(destinationsOf(listed(seen()), 'seen4')).toEqual({ ok: true, value: [] });
    expect(destinationsOf(listed(), 'seen4')).toMatchObject({ ok: false, error: { code: 'no-table' } });
  });

  it('of addresses is read in each form that there is', () => {
    const set = { set: { name: 'fixed4_a', elem: ['192.0.2.7', { prefix: { addr: '198.51.100.0', len: 24 } }, { range: ['203.0.113.1', '203.0.113.9'] }, { elem: { val: '192.0.2.8', timeout: 60, expires: 59 } }] } };
    const addresses = addressesOf(listed(set), 'fixed4_a');
    expect(addresses.ok && addresses.value.map(({ text, expiresSeconds, range }) => [text, expiresSeconds, Number(range.last - range.first)])).toEqual([
      ['192.0.2.7', null, 0],
      ['198.51.100.0', null, 255],
      ['203.0.113.1', null, 8],
      ['192.0.2.8', 59, 0],
    ]);
  });

  it('has one shape as long as only counts, handles and elements change', () => {
    const rule = (handle: number, expr: unknown): unknown => ({ rule: { chain: 'egress', handle, comment: '0 x', expr: [expr] } });
    const counter = (packets: number): unknown => ({ counter: { name: 'refused_a', handle: 2, packets, bytes: packets * 60 } });
    const before = shapeOf(listed(counter(0), rule(7, { accept: null }), seen()));
    expect(shapeOf(listed(seen({ elem: { val: { concat: [1, '192.0.2.7', 'tcp', 1] } } }), rule(9, { accept: null }), counter(5)))).toEqual(before);
    expect(shapeOf(listed(counter(0), rule(7, { drop: null }), seen()))).not.toEqual(before);
    expect(shapeOf(listed(rule(7, { accept: null }), seen()))).not.toEqual(before);
  });
});
