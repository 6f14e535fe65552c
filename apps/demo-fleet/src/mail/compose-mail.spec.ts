import { describe, expect, it } from 'vitest';
import { Chance } from '../chance.js';
import { composeMail, letterBytes } from './compose-mail.js';

const AT_MS = Date.parse('2026-03-01T12:00:00.000Z');
const MEAN_BYTES = 40_000;

describe('a composed letter', () => {
  it('is the same from the same seed, and another from another one', () => {
    const compose = (seed: number): Buffer => composeMail(new Chance(seed), { bytes: 20_000, atMs: AT_MS }).bytes;
    expect(compose(7).equals(compose(7))).toBe(true);
    expect(compose(7).equals(compose(8))).toBe(false);
  });

  it('is a multipart message with headers, dated when it arrived, and its parts are closed', () => {
    const { bytes, messageId, sender } = composeMail(new Chance(1), { bytes: 20_000, atMs: AT_MS });
    const text = bytes.toString('latin1');
    const boundary = /boundary="([^"]+)"/.exec(text)?.[1] ?? '';
    expect(text).toContain('Date: Sun, 01 Mar 2026 12:00:00 GMT\r\n');
    expect(text).toContain(`Message-ID: <${messageId}>\r\n`);
    expect(text).toContain(`From: <${sender}>\r\n`);
    expect(text.split(`--${boundary}`)).toHaveLength(4);
    expect(text.endsWith(`--${boundary}--\r\n`)).toBe(true);
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
  });

  it.each([500, 5_000, 200_000])('takes about the wanted %i bytes', (wanted) => {
    const { bytes } = composeMail(new Chance(3), { bytes: wanted, atMs: AT_MS });
    expect(Math.abs(bytes.length - wanted)).toBeLessThan(1_200);
  });

  it('lets no subject break a header', () => {
    const chance = new Chance(5);
    for (let letter = 0; letter < 200; letter += 1) {
      const [head = ''] = composeMail(chance, { bytes: 500, atMs: AT_MS }).bytes.toString('latin1').split('\r\n\r\n');
      for (const line of head.split('\r\n')) expect(line).toMatch(/^[A-Z][A-Za-z-]+: [\x20-\x7e]*$/);
    }
  });

  it('names only people that do not exist', () => {
    const chance = new Chance(9);
    for (let letter = 0; letter < 200; letter += 1) {
      const { sender, recipient, clientIp } = composeMail(chance, { bytes: 500, atMs: AT_MS });
      for (const address of [sender, recipient]) expect(address).toMatch(/@(?:[a-z]+\.)?example\.(?:org|net)$/);
      expect(clientIp).toMatch(/^(?:192\.0\.2|198\.51\.100|203\.0\.113)\./);
    }
  });
});

describe('lengths of letters', () => {
  it('vary widely around their mean', () => {
    const chance = new Chance(11);
    const drawn = Array.from({ length: 5_000 }, () => letterBytes(chance, MEAN_BYTES));
    const mean = drawn.reduce((sum, bytes) => sum + bytes, 0) / drawn.length;
    expect(Math.abs(mean - MEAN_BYTES)).toBeLessThan(MEAN_BYTES * 0.1);
    expect(Math.max(...drawn) / Math.min(...drawn)).toBeGreaterThan(20);
  });
});
