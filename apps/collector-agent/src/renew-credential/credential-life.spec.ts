import { describe, expect, it } from 'vitest';
import { isDue, lifeOf } from './credential-life.js';

const DAY_MS = 86_400_000;
const credential = (claims: object): string => `-----BEGIN NATS USER JWT-----\neyJ0eXAiOiJKV1QifQ.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2lnbmF0dXJl\n------END NATS USER JWT------\n`;

describe('the life of a credential', () => {
  it('is read from its token', () => {
    expect(lifeOf(credential({ iat: 1_000, exp: 2_000 }))).toEqual({ fromMs: 1_000_000, untilMs: 2_000_000 });
    expect(lifeOf(credential({ iat: 1_000 }))).toEqual({ fromMs: 1_000_000, untilMs: null });
  });

  it('is renewed when a third is left, and not before', () => {
    const life = { fromMs: 0, untilMs: 30 * DAY_MS };
    expect(isDue(life, 19 * DAY_MS)).toBe(false);
    expect(isDue(life, 21 * DAY_MS)).toBe(true);
    expect(isDue(life, 40 * DAY_MS)).toBe(true);
  });

  it('is not renewed where it has no end', () => expect(isDue({ fromMs: 0, untilMs: null }, 1e15)).toBe(false));

  it('says so where a file holds none', () => expect(() => lifeOf('-----BEGIN USER NKEY SEED-----')).toThrow('holds none'));
});
