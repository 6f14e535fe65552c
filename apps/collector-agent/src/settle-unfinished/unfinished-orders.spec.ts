import type { SignedReceipt } from '@mailwarden/contracts';
import type { Logger } from '@mailwarden/observability';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UnfinishedOrders } from './unfinished-orders.js';

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined } as unknown as Logger;
const DAY_MS = 86_400_000;

describe('what the executor began', () => {
  let open: string[];
  let isAway: boolean;
  let sent: string[];
  let asked: string[];
  let orders: UnfinishedOrders;

  beforeEach(() => {
    vi.useFakeTimers();
    [open, isAway, sent, asked] = [['a', 'b', 'pending'], true, [], []];
    const desk = {
      unfinished: () => Promise.resolve({ ok: true as const, value: { schema: 'mailwarden/unfinished-tasks/v1' as const, tasks: open.map((id) => ({ id, profile: 'gate', store: 'backup', deadlineSeconds: 60 })), damaged: 0 } }),
      settle: (id: string) => {
        asked.push(id);
        return Promise.resolve(isAway && id === 'a' ? { ok: false as const, error: 'the database is away' } : { ok: true as const, value: { payload: { order: id } } as SignedReceipt });
      },
    };
    const receipts = { send: ({ payload }: SignedReceipt) => {
      open = open.filter((id) => id !== payload.order);
      sent.push(payload.order);
      return Promise.resolve();
    } };
    orders = new UnfinishedOrders(desk as never, receipts, (id) => id === 'pending', SILENT);
  });
  afterEach(() => {
    orders.stop();
    vi.useRealTimers();
  });

  it('is accounted for from the start on, one beside the other, and never given up', async () => {
    orders.start();
    await vi.advanceTimersByTimeAsync(0);
    expect(sent).toEqual(['b']);
    await vi.advanceTimersByTimeAsync(3 * DAY_MS);
    expect(asked.filter((id) => id === 'a').length).toBeGreaterThan(100);
    expect(asked.filter((id) => id === 'a').length).toBeLessThan(200);
    isAway = false;
    await vi.advanceTimersByTimeAsync(DAY_MS);
    expect(sent).toEqual(['b', 'a']);
    expect(asked).not.toContain('pending');
  });
});
