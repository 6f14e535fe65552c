import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ProductTool } from '@mailwarden/catalogue';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newOrder } from './plain-store.js';
import { QueueStore } from './queue-store.js';

const CHILD = fileURLToPath(new URL('tool-child.ts', import.meta.url));
const LOADER = fileURLToPath(new URL('../../scripts/from-source.mjs', import.meta.url));
const ITEMS = 20;
const GONE = 15;
const SUITE_MS = 60_000;
const STEPS = ['folder', 'intent', 'taken', 'moved', 'unlink', 'unlinked', 'deleted', 'leaving', 'finished'] as const;

let place: string;
let queue: QueueStore;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'mailwarden-tool-rest-'));
  queue = new QueueStore(place);
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

/** A tool that leaves what it is given, of a profile that lets the rest be deleted as files. */
const leaving = (): ProductTool => ({ ...queue.itemTool(['/usr/bin/true']), otherwise: 'files' }) as ProductTool;
const deleting = (): ProductTool => ({ ...queue.itemTool(), otherwise: 'files' }) as ProductTool;

async function killedAt(endAt: string, order: string): Promise<void> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--import', LOADER, CHILD, JSON.stringify({ place, tool: leaving(), order, endAt })], { env: {}, stdio: ['ignore', 'ignore', 'inherit'] });
  expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
}

describe("an executor killed while it deletes as files what the product's tool left", () => {
  it.each(STEPS)('at the step "%s": the next run accounts for each item once', { timeout: SUITE_MS }, async (step) => {
    const [made, order] = [queue.fill(ITEMS), newOrder()];
    await killedAt(step, order);
    const receipt = await queue.rotate(leaving(), order);
    expect(receipt).toMatchObject({ outcome: 'completed', resumed: true, before: { items: ITEMS }, planned: { items: GONE }, deleted: { items: GONE, bytes: GONE * queue.itemBytes }, after: { known: true, value: { items: ITEMS - GONE } } });
    expect(queue.left()).toEqual(made.slice(GONE));
    expect(await queue.rotate(leaving(), order)).toEqual(receipt);
  });

  it.each(STEPS)('at the step "%s", and the order ran out meanwhile: what was deleted is told, and nothing stays in our own folder', { timeout: SUITE_MS }, async (step) => {
    const [made, order] = [queue.fill(ITEMS), newOrder()];
    await killedAt(step, order);
    const receipt = await queue.refuse(leaving(), order, 'the order ran out', Date.now);
    const left = queue.left();
    expect(left).toEqual(made.slice(ITEMS - left.length));
    expect(receipt).toMatchObject({ outcome: 'stopped', reason: 'the order ran out', deleted: { items: ITEMS - left.length, bytes: (ITEMS - left.length) * queue.itemBytes }, after: { known: true, value: { items: left.length } } });
    expect([ITEMS, ITEMS - GONE]).toContain(left.length);
  });

  it.each(['intent', 'moved', 'unlink'] as const)('at the step "%s": a tool that deletes by then is given what went back, and no more', { timeout: SUITE_MS }, async (step) => {
    const [made, order] = [queue.fill(ITEMS), newOrder()];
    await killedAt(step, order);
    expect(await queue.rotate(deleting(), order)).toMatchObject({ outcome: 'completed', deleted: { items: GONE, bytes: GONE * queue.itemBytes } });
    expect(queue.left()).toEqual(made.slice(GONE));
  });
});
