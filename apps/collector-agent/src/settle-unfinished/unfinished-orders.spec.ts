import type { SignedReceipt } from '@mailwarden/contracts';
import type { Logger } from '@mailwarden/observability';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AwaitedAccounts } from '../carry-out-orders/awaited-accounts.js';
import { UnfinishedOrders } from './unfinished-orders.js';

const told: unknown[] = [];
const SILENT = { info: () => undefined, warn: (what: unknown) => void told.push(what), error: () => undefined } as unknown as Logger;
const DAY_MS = 86_400_000;
const [AWAY, OTHER, PENDING] = ['0198f000-0000-7000-8000-00000000000a', '0198f000-0000-7000-8000-00000000000b', '0198f000-0000-7000-8000-00000000000c'] as const;

describe('what the executor began', () => {
  let open: string[];
  let isAway: boolean;
  let sent: string[];
  let asked: string[];
  let orders: UnfinishedOrders;
  let disk: Map<string, Uint8Array>;
  let isSpoolFull: boolean;
  let forgotten: Set<string>;
  let start: () => Promise<UnfinishedOrders>;

  beforeEach(async () => {
    vi.useFakeTimers();
    [open, isAway, sent, asked] = [[AWAY, OTHER, PENDING], true, [], []];
    [disk, isSpoolFull] = [new Map(), false];
    [forgotten, told.length] = [new Set(), 0];
    const desk = {
      unfinished: () => Promise.resolve({ ok: true as const, value: { schema: 'mailwarden/unfinished-tasks/v1' as const, tasks: open.map((id) => ({ id, profile: 'gate', store: 'backup', deadlineSeconds: 60 })), damaged: 0 } }),
      settle: (id: string) => {
        asked.push(id);
        if (forgotten.has(id)) return Promise.resolve({ ok: true as const, value: null });
        if (!(isAway && id === AWAY)) open = open.filter((other) => other !== id);
        return Promise.resolve(isAway && id === AWAY ? { ok: false as const, error: 'the database is away' } : { ok: true as const, value: { payload: { order: id } } as SignedReceipt });
      },
    };
    const receipts = { send: ({ payload }: SignedReceipt) => (isSpoolFull ? Promise.reject(new Error('the spool is full')) : Promise.resolve(void sent.push(payload.order))) };
    const lastKnown = { keepOver: (key: string, bytes: Uint8Array) => Promise.resolve(void disk.set(key, bytes)), read: (key: string) => Promise.resolve(disk.get(key) ?? null) };
    start = async () => new UnfinishedOrders({ desk: desk as never, receipts, accounts: await AwaitedAccounts.open(lastKnown, SILENT) }, (id) => id === PENDING, SILENT);
    orders = await start();
  });
  afterEach(() => {
    orders.stop();
    vi.useRealTimers();
  });

  it('is accounted for from the start on, one beside the other, and never given up', async () => {
    orders.start();
    await vi.advanceTimersByTimeAsync(0);
    expect(sent).toEqual([OTHER]);
    await vi.advanceTimersByTimeAsync(3 * DAY_MS);
    expect(asked.filter((id) => id === AWAY).length).toBeGreaterThan(100);
    expect(asked.filter((id) => id === AWAY).length).toBeLessThan(200);
    isAway = false;
    await vi.advanceTimersByTimeAsync(DAY_MS);
    expect(sent).toEqual([OTHER, AWAY]);
    expect(asked).not.toContain(PENDING);
  });

  it('is told of where the executor, which had begun it, knows it no more', async () => {
    [isSpoolFull, isAway] = [true, false];
    orders.start();
    await vi.advanceTimersByTimeAsync(0);
    [isSpoolFull, forgotten] = [false, new Set([AWAY])];
    await vi.advanceTimersByTimeAsync(DAY_MS);
    expect(sent).toEqual([OTHER]);
    expect(told).toEqual([{ order: AWAY, store: 'backup' }]);
  });

  it('is asked for by its id when its account was lost on its way: the executor, which gave it, lists it no more', async () => {
    [isSpoolFull, isAway] = [true, false];
    orders.start();
    await vi.advanceTimersByTimeAsync(0);
    expect([open, sent]).toEqual([[PENDING], []]);
    orders.stop();
    orders = await start();
    orders.start();
    await vi.advanceTimersByTimeAsync(0);
    isSpoolFull = false;
    await vi.advanceTimersByTimeAsync(DAY_MS);
    expect(sent).toEqual([AWAY, OTHER]);
  });
});
