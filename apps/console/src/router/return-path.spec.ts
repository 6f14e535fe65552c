import { expect, it } from 'vitest';
import { linkIn, returnPath } from './return-path.js';

it('leads back to pages of the console only', () => {
  expect(returnPath('/servers/mx-1?tab=agent')).toBe('/servers/mx-1?tab=agent');
  for (const elsewhere of ['//example.org', 'https://example.org', '/\\example.org', 'javascript:1', '/sign-in?from=/sign-in', undefined, '/\t/example.org/path', '/.//example.org']) expect(returnPath(elsewhere)).toBe('/');
});

it('finds the secret of a one-time link', () => {
  expect(linkIn('#link=abc_DEF-123')).toBe('abc_DEF-123');
  expect(linkIn('#other=1')).toBeNull();
  expect(linkIn('')).toBeNull();
});
