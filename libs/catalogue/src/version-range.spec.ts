import { describe, expect, it } from 'vitest';
import { pickProfile } from './pick-profile.js';
import { isVersionRange, isWithin } from './version-range.js';

describe('a version and a range', () => {
  it.each([
    ['8.0.3', '>=8.0.0 <9', true],
    ['9', '>=8.0.0 <9', false],
    ['7.9.9', '>=8.0.0 <9', false],
    ['8.0.3.30', '>=8.0.3.30', true],
    ['8.0.3.29', '>=8.0.3.30', false],
    ['8.10', '>8.9', true],
    ['2.3.19.1 (9b53102964)', '>=2.3 <2.4 || >=3', true],
    ['2.4', '>=2.3 <2.4 || >=3', false],
    ['3.0.0-rc1', '>=2.3 <2.4 || >=3', true],
    ['v1.2', '=1.2.0', true],
    ['1.2', '1.2.1', false],
    ['unstable', '>=1', null],
    ['1.2', 'the newest', null],
    ['1..2', '>=1', null],
    ['unstable', '*', true],
    ['10.0', '>=9', true],
    ['8.0.3', '<=8.0.3.0', true],
    ['8.0.3.1', '<=8.0.3', false],
  ])('%s in %s: %s', (version, range, expected) => {
    expect(isWithin(version, range)).toBe(expected);
  });

  it('knows a range when it sees one', () => {
    expect([['>=8.0.0 <9', '1', '*', ' >1 || <=0.9 '], ['', '>= 1', '>=x', '>=1 ||', '^1', '>=1,<2']].map((ranges) => ranges.map(isVersionRange))).toEqual([[true, true, true, true], [false, false, false, false, false, false]]);
  });
});

describe('the profile of a version', () => {
  const profiles = [{ product: { name: 'Eight', vendor: '', versions: '>=8 <9' } }, { product: { name: 'Nine', vendor: '', versions: '>=9 <10 || >=8.9' } }];
  it.each([
    ['8.0.3', 'Eight'],
    ['8.9.1', 'Eight'],
    ['9.1', 'Nine'],
    ['7', undefined],
    ['unstable', undefined],
  ])('%s: %s', (version, name) => {
    expect(pickProfile(profiles, version)?.product.name).toBe(name);
  });
});
