import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ProductTool } from '@mailwarden/catalogue';
import { eventually } from '@mailwarden/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRoot, ONLY_ROOT } from '../integration/only-root.js';
import { newOrder } from './plain-store.js';
import { QueueStore } from './queue-store.js';

const CHILD = fileURLToPath(new URL('tool-child.ts', import.meta.url));
const LOADER = fileURLToPath(new URL('../../scripts/from-source.mjs', import.meta.url));
const ITEMS = 20;
const GONE = 15;
const SUITE_MS = 60_000;
const STARTED_MS_MAX = 30_000;
/** Deletes one item after the other, slowly, as a tool does that asks its product each time. It must be one that root owns on a way that root owns. */
const SLOWLY = ['/bin/sh', '-c', 'for item; do rm -- "$item"; sleep 0.2; done', 'tool'];

let place: string;
let queue: QueueStore;
let executor: ChildProcess | null;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'mailwarden-tool-killed-'));
  queue = new QueueStore(place);
  executor = null;
});
afterEach(() => {
  executor?.kill('SIGKILL');
  rmSync(place, { recursive: true, force: true });
});

/** Tools of this test that work, each the first of a group of its own. */
const toolsAtWork = (): number[] =>
  readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      return pid !== executor?.pid && readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith(SLOWLY.join('\0')) && readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(place);
    } catch {
      return false; // It ended meanwhile.
    }
  });

/** Starts the executor, and ends it with SIGKILL when so many items are gone. */
async function killAfter(tool: ProductTool, order: string, gone: number): Promise<void> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--import', LOADER, CHILD, JSON.stringify({ place, tool, order })], { env: {}, stdio: ['ignore', 'ignore', 'inherit'] });
  executor = child;
  await eventually(`${gone} items gone`, STARTED_MS_MAX, () => Promise.resolve(queue.left().length <= ITEMS - gone ? true : undefined));
  child.kill('SIGKILL');
  await once(child, 'exit');
}

describe.runIf(isRoot)(`an executor killed while the product's tool works${ONLY_ROOT}`, () => {
  const tools = { item: () => queue.itemTool(SLOWLY), rule: (made: readonly string[]) => ({ ...queue.ruleTool([]), bytes: [...SLOWLY, ...made.slice(0, GONE).map((name) => join(queue.folder, name))] }) as ProductTool };

  it.each([['item', 'goes on', 2], ['item', 'goes on', 6], ['item', 'ends with it', 2], ['item', 'ends with it', 6], ['rule', 'goes on', 5], ['rule', 'ends with it', 5]] as const)('a tool by %s that %s: the next run accounts for each item once (after %i)', { timeout: SUITE_MS }, async (by, what, after) => {
    const made = queue.fill(ITEMS);
    const tool = tools[by](made);
    const given = newOrder();
    await killAfter(tool, given, after);
    const atWork = toolsAtWork();
    expect(atWork).toHaveLength(1);
    if (what === 'ends with it') for (const pid of atWork) process.kill(-pid, 'SIGKILL');
    const between = queue.left().length;
    expect(between).toBeGreaterThan(ITEMS - GONE);
    const receipt = await queue.rotate(tool, given);
    expect(receipt).toMatchObject({ outcome: 'completed', resumed: true, before: { items: ITEMS }, planned: { items: GONE }, deleted: { items: GONE, bytes: GONE * queue.itemBytes }, after: { known: true, value: { items: ITEMS - GONE } } });
    expect(queue.left()).toEqual(made.slice(GONE));
    expect(toolsAtWork()).toEqual([]);
    expect(await queue.rotate(tool, given)).toEqual(receipt);
  });

  it.each(['goes on', 'ends with it'] as const)('the order ran out meanwhile, and the tool %s: what it deleted is told, and nothing more is begun', { timeout: SUITE_MS }, async (what) => {
    const made = queue.fill(ITEMS);
    const given = newOrder();
    await killAfter(queue.itemTool(SLOWLY), given, 6);
    if (what === 'ends with it') for (const pid of toolsAtWork()) process.kill(-pid, 'SIGKILL');
    const receipt = await queue.refuse(queue.itemTool(SLOWLY), given, 'the order ran out', Date.now);
    const left = queue.left();
    expect(left.length).toBeGreaterThan(ITEMS - GONE);
    expect(left).toEqual(made.slice(ITEMS - left.length));
    expect(receipt).toMatchObject({ outcome: 'stopped', deleted: { items: ITEMS - left.length, bytes: (ITEMS - left.length) * queue.itemBytes } });
  });
});
