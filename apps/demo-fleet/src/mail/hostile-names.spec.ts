import { isUtf8 } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { Chance } from '../chance.js';
import { letterName, NAME_BYTES_MAX, rawName } from './hostile-names.js';

const DRAWN = 4_000;
const letters = (): string[] => {
  const chance = new Chance(1);
  return Array.from({ length: DRAWN }, (_, serial) => letterName(chance, String(serial)));
};
const raw = (): Buffer[] => {
  const chance = new Chance(2);
  return Array.from({ length: DRAWN }, (_, serial) => rawName(chance, 'report-', String(serial), '.html'));
};

describe('names of letters', () => {
  it('are names that a file can have, each its own, and text that a row can hold', () => {
    const names = letters();
    expect(new Set(names).size).toBe(DRAWN);
    for (const name of names) {
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(NAME_BYTES_MAX);
      expect(name).not.toMatch(/[/\0]/);
      expect(name.isWellFormed()).toBe(true);
      expect(name.startsWith('.mailwarden-')).toBe(false);
    }
  });

  it('are mostly plain, and hostile in every way that is known', () => {
    const names = letters();
    expect(names.filter((name) => /^msg-\d+\.eml$/.test(name)).length).toBeGreaterThan(DRAWN / 2);
    for (const hostile of [/\n/, /^-/, /^=/, /"/, /'/, /^ /, /\u202e/u, /\.\.%2f/, /\u001b/u, /^~/]) expect(names.some((name) => hostile.test(name)), String(hostile)).toBe(true);
    expect(names.some((name) => Buffer.byteLength(name) > NAME_BYTES_MAX - 4)).toBe(true);
  });
});

describe('names as bytes', () => {
  it('are some of them no text at all, and each its own', () => {
    const names = raw();
    expect(names.filter((name) => !isUtf8(name)).length).toBeGreaterThan(DRAWN / 20);
    expect(new Set(names.map((name) => name.toString('latin1'))).size).toBe(DRAWN);
    for (const name of names) expect(name.length <= NAME_BYTES_MAX && !name.includes(0) && !name.includes('/')).toBe(true);
  });
});
