import type { AgentBus, Spool } from '@mailwarden/messaging';
import { SpoolUnreadable } from '@mailwarden/messaging/agent-side';
import type { Logger } from '@mailwarden/observability';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Outbox } from './outbox.js';

const SILENT = { debug: () => undefined, error: () => undefined } as unknown as Logger;
const MINUTE_MS = 60_000;

describe('a spool that cannot be emptied', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is tried again at one pace, however much is said meanwhile', async () => {
    let drains = 0;
    const spool = { append: () => Promise.resolve(), drain: () => Promise.reject(new SpoolUnreadable(`try ${(drains += 1)}`)) } as unknown as Spool;
    const outbox = new Outbox(spool, SILENT);
    outbox.connect({} as AgentBus);
    for (let said = 0; said < 20; said += 1) {
      await outbox.append({ class: 'evidence', subject: 's', type: 't', data: said });
      await vi.advanceTimersByTimeAsync(MINUTE_MS);
    }
    const before = drains;
    await vi.advanceTimersByTimeAsync(10 * MINUTE_MS);
    expect(drains - before).toBeGreaterThan(20);
    expect(drains - before).toBeLessThan(100);
    await outbox.stop();
  });
});
