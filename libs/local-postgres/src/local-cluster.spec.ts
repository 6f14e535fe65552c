import { expect, it } from 'vitest';
import { reasonIn } from './local-cluster.js';

it('finds why a cluster could not be made among what is cleaned up after it', () => {
  expect(reasonIn('initdb: error: could not write to file "x": No space left on device\ninitdb: removing data directory "/d"\n')).toContain('No space left');
  expect(reasonIn('something odd\n')).toBe('something odd');
  expect(reasonIn('')).toBe('no reason given');
});
