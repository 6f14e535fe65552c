import type { SignedReceipt } from '@mailwarden/contracts';
import type { Logger } from '@mailwarden/observability';
import { describe, expect, it } from 'vitest';
import type { AgentSettings } from '../agent-settings.js';
import type { ExecutorDesk } from '../carry-out-orders/executor-desk.js';
import type { ReceiptSender } from '../carry-out-orders/receipt-sender.js';
import { OfflineRules, type OfflineParts } from './offline-rules.js';

const HOUR_MS = 3_600_000;
const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined } as unknown as Logger;
const rule = { policy: 'cap', policyVersion: '0'.repeat(64), profile: 'gate', store: 'backup', mode: 'enforce', watermarks: [{ kind: 'bytes', limit: 10, target: 5 }], clock: 'modified', keep: { newest: 0, youngerThanSeconds: 0 }, bounds: { items: 1, bytes: 1, percent: 1, deadlineSeconds: 60 }, offline: true, written: {} };
const receiptOf = (order: string): SignedReceipt => ({ payload: { order, outcome: 'completed' } }) as unknown as SignedReceipt;

/** An agent that hears nobody and whose store is over its limit, on a disk that outlives it. */
class LonelyAgent {
  atMs = 0;
  /** How the executor answers a rule and a question for what was begun; null for no account. */
  rule: (id: string) => SignedReceipt | null = () => null;
  settle: (id: string) => SignedReceipt | 'never began it' | null = () => null;
  readonly asked: string[] = [];
  readonly settled: string[] = [];
  readonly sent: string[] = [];
  readonly disk = new Map<string, Uint8Array>();
  stores = ['backup'];

  start(): OfflineRules {
    const observation = (): object => ({ profile: 'gate', startedAt: new Date(Date.now()).toISOString(), stores: this.stores.map((id) => ({ id, bytesAllocated: { known: true, value: 100 } })) });
    const known = {
      state: { bundleAt: () => ({ rules: this.stores.map((store) => ({ ...rule, store })), version: 1 }), observations: { values: () => [observation()] } },
      contact: { silentForMs: () => HOUR_MS * 1000 },
      lastKnown: { keep: (key: string, bytes: Uint8Array) => Promise.resolve(this.disk.set(key, bytes)), read: (key: string) => Promise.resolve(this.disk.get(key) ?? null) },
      now: () => this.atMs,
    } as unknown as OfflineParts;
    const desk = {
      run: ({ rule: { id } }: { rule: { id: string } }) => {
        this.asked.push(id);
        const receipt = this.rule(id);
        return Promise.resolve(receipt === null ? { ok: false, error: 'its disk may not be mounted' } : { ok: true, value: receipt });
      },
      settle: (id: string) => {
        this.settled.push(id);
        const receipt = this.settle(id);
        return Promise.resolve(receipt === null ? { ok: false, error: 'its disk may not be mounted' } : { ok: true, value: receipt === 'never began it' ? null : receipt });
      },
    } as unknown as ExecutorDesk;
    const receipts = { send: ({ payload }: SignedReceipt) => Promise.resolve(void this.sent.push(payload.order)) } as unknown as ReceiptSender;
    return new OfflineRules({ server: 'mx-1', offlineAfterSeconds: 1 } as AgentSettings, known, desk, receipts, SILENT);
  }

  /** One look, to its end. */
  async look(rules: OfflineRules): Promise<void> {
    rules.look();
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  }
}

describe('a rule whose account does not come', () => {
  it('is asked for under its id until it does, however often the store is measured meanwhile', async () => {
    const agent = new LonelyAgent();
    const rules = agent.start();
    for (let scan = 0; scan < 50; scan += 1) {
      await agent.look(rules);
      agent.atMs += 200;
    }
    // Ten seconds of scans are two tries: at once, and after five.
    expect(agent.asked).toHaveLength(2);
    const [id = ''] = agent.asked;
    agent.atMs += 12 * HOUR_MS;
    agent.settle = receiptOf;
    await agent.look(rules);
    expect(new Set([...agent.asked, ...agent.settled])).toEqual(new Set([id]));
    expect(agent.sent).toEqual([id]);
    rules.stop();
  });

  it('is tried less often the longer it lasts, and after an hour nothing new of it is begun', async () => {
    const agent = new LonelyAgent();
    const rules = agent.start();
    for (; agent.atMs < 24 * HOUR_MS; agent.atMs += 1_000) await agent.look(rules);
    expect(agent.asked.length).toBeLessThan(12);
    expect(agent.settled.length).toBeGreaterThan(40);
    expect(new Set([...agent.asked, ...agent.settled]).size).toBe(1);
    rules.stop();
  });

  it('is asked for by the next run of the agent too, and keeps no other store waiting', async () => {
    const agent = new LonelyAgent();
    const first = agent.start();
    await agent.look(first);
    first.stop();
    const [id = ''] = agent.asked;
    const second = agent.start();
    await second.restore();
    agent.stores = ['backup', 'spam'];
    agent.rule = (asked) => (asked === id ? null : receiptOf(asked));
    await agent.look(second);
    expect(agent.asked[1]).toBe(id);
    expect(agent.sent).toEqual([agent.asked[2]]);
    expect(second.isAskedFor(id)).toBe(true);
    second.stop();
  });

  it('is let go when the executor says that it never began it', async () => {
    const agent = new LonelyAgent();
    const rules = agent.start();
    await agent.look(rules);
    const [id = ''] = agent.asked;
    agent.atMs += HOUR_MS;
    agent.settle = () => 'never began it';
    agent.rule = receiptOf;
    await agent.look(rules);
    expect(agent.settled).toEqual([id]);
    expect(rules.isAskedFor(id)).toBe(false);
    expect(agent.sent).not.toContain(id);
    rules.stop();
  });
});

describe('what an earlier version kept', () => {
  it('is one task, and is asked for', async () => {
    const agent = new LonelyAgent();
    const id = '0198f000-0000-7000-8000-000000000001';
    agent.disk.set('offline-task', Buffer.from(JSON.stringify({ id, policy: 'cap', profile: 'gate', store: 'backup', deadlineSeconds: 60 })));
    agent.stores = [];
    agent.rule = receiptOf;
    const rules = agent.start();
    await rules.restore();
    await agent.look(rules);
    expect(agent.sent).toEqual([id]);
    rules.stop();
  });
});
