import { compilePatterns } from '@mailwarden/inventory';
import { describe, expect, it } from 'vitest';
import { generationNames } from './generation-name.js';

const NOW = Date.UTC(2026, 10, 25, 4, 13, 7);
const place = { root: '/var/log/acme', folder: '', name: 'acme.log' };
const names = (own: readonly string[], active = ['/var/log/acme/acme.log'], excluded: readonly string[] = []) => generationNames(place, { own: compilePatterns([...own]), active: compilePatterns([...active]), excluded: compilePatterns([...excluded]) }, NOW);

describe('the name of a log that is set aside', () => {
  it('is one that its store takes in, and that is not being written', () => {
    expect(names(['/var/log/acme/**'])[0]).toBe('acme.log-20261125T041307');
    expect(names(['/var/log/acme/*.log*'], ['/var/log/acme/*.log', '/var/log/acme/*.log-*'])[0]).toBe('acme.log.20261125T041307');
    expect(names(['/var/log/acme/*.log'])[0]).toBe('acme-20261125T041307.log');
    expect(names(['/var/log/acme/**'])).toHaveLength(10);
    expect(new Set(names(['/var/log/acme/**'])).size).toBe(10);
  });
  it('is none where the store would lose the log by it', () => {
    expect(names(['/var/log/acme/acme.log'])).toEqual([]);
    expect(names(['/var/log/acme/*.log'], ['/var/log/acme/*.log'])).toEqual([]);
    expect(names(['/var/log/acme/**'], ['/var/log/acme/acme.log'], ['/var/log/acme/*-*', '/var/log/acme/*.2*'])).toEqual([]);
  });
});
