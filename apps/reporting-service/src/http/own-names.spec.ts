import { describe, expect, it } from 'vitest';
import { hostNamed, OwnNames } from './own-names.js';

describe('names that the service answers to', () => {
  it('reads the host of a request without its port', () => {
    expect(['127.0.0.1:8080', 'LocalHost', '[::1]:8080', 'a.example:1'].map(hostNamed)).toEqual(['127.0.0.1', 'localhost', '::1', 'a.example']);
    expect([undefined, '', 'a b', 'a@b', '[::1', 'a:b', 'a/b', `${'x'.repeat(300)}`, 'ä.example'].map(hostNamed)).toEqual([null, null, null, null, null, null, null, null, null]);
  });

  it('knows its own address, localhost and what its settings list, and nothing that looks like them', () => {
    const names = new OwnNames(' console.example,, Other.example ');
    for (const host of ['192.0.2.7:80', 'localhost', 'console.example', 'OTHER.example:8443']) expect(names.include(host, '192.0.2.7')).toBe(true);
    for (const host of ['192.0.2.8', 'localhost.example', 'evil.console.example', 'console.example.', '']) expect(names.include(host, '192.0.2.7')).toBe(false);
    expect(names.include('192.0.2.7', '::ffff:192.0.2.7')).toBe(true);
    expect(names.include('[::1]:80', '::1')).toBe(true);
    expect(new OwnNames('').include('', undefined)).toBe(false);
  });
});
