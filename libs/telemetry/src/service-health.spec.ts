import type { ConsumerProgress } from '@mailwarden/messaging';
import { describe, expect, it } from 'vitest';
import { ServiceHealth, type HealthLimits } from './service-health.js';

const LIMITS: HealthLimits = { answerMs: 50, closedMs: 10_000, stuckMs: 45_000, hungMs: 300_000 };
const well = { dataSource: { query: <T>() => Promise.resolve([] as T) }, bus: { flush: () => Promise.resolve(), isClosed: () => false } };
const never = <T>(): Promise<T> => new Promise(() => undefined);
const at = (part: Partial<ConsumerProgress>): ConsumerProgress[] => [{ consumer: 'sample', closedSinceMs: null, handlingSinceMs: null, waiting: 0, ...part }];
const following = (progress: ConsumerProgress[], parts: ConstructorParameters<typeof ServiceHealth>[0] = well): ServiceHealth => {
  const health = new ServiceHealth(parts, LIMITS);
  health.follow(() => progress);
  return health;
};

describe('the health of a service', () => {
  it('is not ready before it consumes, and is when all answer', async () => {
    expect((await new ServiceHealth(well, LIMITS).ready()).because).toEqual(['nothing is consumed yet']);
    expect(await following(at({})).ready()).toEqual({ well: true, because: [] });
  });

  it('is not ready while the database or the bus fails or hangs, and lives', async () => {
    const away = following(at({}), { dataSource: { query: () => Promise.reject(new Error('no')) }, bus: { flush: never, isClosed: () => false } });
    expect((await away.ready()).because).toEqual(['the database does not answer', 'the bus does not answer']);
    expect(away.live().well).toBe(true);
    expect((await following(at({}), { dataSource: { query: never }, bus: { flush: () => Promise.resolve(), isClosed: () => true } }).ready()).because).toEqual(['the database does not answer', 'the bus does not answer']);
  });

  it('tells a consumer that is not open, one that stands still, and one that hangs', async () => {
    const ago = (ms: number): number => Date.now() - ms;
    expect((await following(at({ closedSinceMs: ago(9_000) })).ready()).well).toBe(true);
    expect((await following(at({ closedSinceMs: ago(11_000) })).ready()).because).toEqual(['sample has not been open for 11 s']);
    expect((await following(at({ handlingSinceMs: ago(44_000) })).ready()).well).toBe(true);
    const stuck = following(at({ handlingSinceMs: ago(46_000) }));
    expect((await stuck.ready()).because).toEqual(['sample handles one message for 46 s']);
    expect(stuck.live().well).toBe(true);
    expect(following(at({ handlingSinceMs: ago(301_000) })).live()).toEqual({ well: false, because: ['sample handles one message for 301 s and hangs'] });
  });
});
