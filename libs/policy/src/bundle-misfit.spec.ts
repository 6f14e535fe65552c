import type { PolicyBundle } from '@mailwarden/contracts';
import { instantOf, sha256, type ServerName } from '@mailwarden/kernel';
import { describe, expect, it } from 'vitest';
import { bundleFor } from './bundle.js';
import { keepingAll, misfitOf } from './bundle-misfit.js';
import type { HoldPolicy } from './policy.js';

const hold = (index: number): HoldPolicy => ({ kind: 'hold', name: `case-${index}`, version: sha256('case'), reason: 'A case', servers: { labels: {}, except: [] }, stores: [], everyStore: true, from: null, until: null, messages: [], askedBy: null, expires: null });
const bundleOf = (holds: number): PolicyBundle => bundleFor({ server: 'mx-1' as ServerName, labels: {}, profiles: [], policies: Array.from({ length: holds }, (_, index) => hold(index)), version: 2, issuedAt: instantOf(0), expiresAt: instantOf(1) });

describe('a bundle', () => {
  it('takes a thousand holds, and says of one more that it is too much', () => {
    expect(misfitOf(bundleOf(1_000))).toBeNull();
    expect(misfitOf(bundleOf(1_001))).toBe('1001 holds concern mx-1, and a bundle takes 1000');
  });

  it('says what else servers would refuse in it', () => {
    expect(misfitOf({ ...bundleOf(1), scanIntervalSeconds: 0 })).toContain('scanIntervalSeconds');
  });

  it('that is too much keeps everything in place of it, deletes nothing, and lets leave what it let leave', () => {
    const tooMuch = { ...bundleOf(1_001), transmission: { failClosed: true, rules: [], relays: ['192.0.2.1'] } };
    const given = keepingAll(tooMuch, misfitOf(tooMuch) ?? '');
    expect(misfitOf(given)).toBeNull();
    expect(given).toEqual({ ...tooMuch, rules: [], holds: [{ id: 'too-much-for-a-bundle', profile: null, store: null, from: null, until: null, reason: expect.stringContaining('1001 holds concern mx-1') }] });
    expect(misfitOf(keepingAll(tooMuch, 'x'.repeat(5_000)))).toBeNull();
  });
});
