import { known } from '@mailwarden/kernel';
import { describe, expect, it } from 'vitest';
import { withoutAddresses } from './without-addresses.js';

describe('the last look before measurements leave the host', () => {
  it('makes a value with an address unknown and leaves addresses out of other text', () => {
    const cleaned = withoutAddresses({ settings: { notify: known('ops anna@example.org') }, stores: [{ unknown: [{ what: 'x', why: 'of <anna@example.org>, said' }] }] });
    expect(cleaned).toEqual({ settings: { notify: { known: false, reason: 'the value holds an address of mail and stays on this host' } }, stores: [{ unknown: [{ what: 'x', why: 'of <[address]>, said' }] }] });
  });

  it('keeps everything else as it is', () => {
    const measured = { items: known(3), text: known('8.0.3'), none: known(null), flag: true, list: [1, 'a @ b', '@', 'a@'], nested: { at: '2026-11-24T10:00:00.000Z' } };
    expect(withoutAddresses(measured)).toEqual(measured);
  });
});
