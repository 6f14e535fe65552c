import { describe, expect, it } from 'vitest';
import { addressOf } from './address.js';

describe('address of a call', () => {
  it('fills the path and asks only for what is set', () => {
    expect(addressOf('/servers/{name}', { params: { name: 'mx-1' } })).toBe('/api/v1/servers/mx-1');
    expect(addressOf('/findings', { query: { state: 'open', server: undefined, code: '' } })).toBe('/api/v1/findings?state=open');
  });

  it('lets no value leave its place', () => {
    expect(addressOf('/findings/{id}', { params: { id: '../session?x=1' } })).toBe('/api/v1/findings/..%2Fsession%3Fx%3D1');
  });
});
