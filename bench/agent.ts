import { spawn } from 'node:child_process';
import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { reportValues } from './compare.ts';
import { ensureTree } from './mail-tree.ts';
import { startAgent } from './measured-agent.ts';
import { exactProcessorMs, largestShare, peakMiB, processorMs, residentMiB, type Sample } from './process-figures.ts';

const FILES = 300_000;
const STORES = 'var/opt/kaspersky/klms';
const ROUNDS = 5;
/** After its first scan an agent tidies its memory for a while. Units: milliseconds. */
const SETTLE_MS = 15_000;
const IDLE_MS = 60_000;
const BUDGET_PERCENT = 20;
const WINDOW_MS = 2_000;
const SAMPLE_MS = 50;
/** Long enough that no scan falls into the time in which the agent is idle. Units: seconds. */
const SELDOM_SECONDS = 3_600;
const OFTEN_SECONDS = 3;

const middle = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

async function sampled(times: number, everyMs: number, read: () => number): Promise<number[]> {
  const values: number[] = [];
  for (let at = 0; at < times; at += 1) {
    values.push(read());
    await sleep(everyMs);
  }
  return values;
}

/** Memory of an agent that waits, beside that of a program that does nothing; and the processor time that waiting takes. */
async function benchIdle(dir: string): Promise<void> {
  const root = join(dir, 'empty-root');
  mkdirSync(join(root, STORES), { recursive: true });
  const bare = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1e6)'], { stdio: 'ignore' });
  const agent = await startAgent(dir, root, { scanIntervalSeconds: SELDOM_SECONDS });
  try {
    await agent.nextScan();
    await sleep(SETTLE_MS);
    const before = exactProcessorMs(agent.pid);
    const sizes = await sampled(ROUNDS, IDLE_MS / ROUNDS, () => residentMiB(agent.pid));
    const share = (100 * (exactProcessorMs(agent.pid) - before)) / IDLE_MS;
    const floor = residentMiB(bare.pid ?? 0);
    reportValues('agent-idle', 'an agent that waits, connected, after a scan of an empty host', 'at most 1.5x the memory of bare Node, 0.1 % of a core', [
      { name: 'bare Node, memory', value: floor, unit: 'MiB' },
      { name: 'agent, memory', value: middle(sizes), unit: 'MiB', ratio: middle(sizes) / floor },
      { name: 'agent, processor', value: share, unit: '% of a core' },
    ]);
  } finally {
    bare.kill();
    await agent.stop();
  }
}

/** A scan under a budget: what it took of a core in the worst window, from what the kernel counted for the whole process. */
async function benchBudget(dir: string): Promise<void> {
  const [root, tree] = [join(dir, 'budget-root'), join(dir, 'budget-tree')];
  ensureTree(tree, FILES);
  mkdirSync(join(root, STORES, '..'), { recursive: true });
  renameSync(join(tree, 'etc'), join(root, 'etc'));
  const agent = await startAgent(join(dir, 'budget'), root, { scanIntervalSeconds: OFTEN_SECONDS, scanCpuPercent: BUDGET_PERCENT });
  const samples: Sample[] = [];
  const look = setInterval(() => samples.push({ atMs: performance.now(), processorMs: processorMs(agent.pid) }), SAMPLE_MS);
  try {
    await agent.nextScan();
    // The stores appear between two scans, so that the start of the program is no part of it.
    renameSync(join(tree, STORES), join(root, STORES));
    samples.length = 0;
    const { durationMs } = await agent.nextScan();
    const taken = (samples.at(-1)?.processorMs ?? 0) - (samples[0]?.processorMs ?? 0);
    reportValues('agent-budget', `a scan of ${FILES} files under a budget of ${BUDGET_PERCENT} % of a core, all threads of the process counted`, `never more than ${BUDGET_PERCENT} % in any ${WINDOW_MS / 1000} s, 128 MiB`, [
      { name: 'largest share', value: largestShare(samples, WINDOW_MS), unit: '% of a core' },
      { name: 'processor time', value: taken / 1000, unit: 's' },
      { name: 'scan', value: durationMs / 1000, unit: 's' },
      { name: 'peak memory', value: peakMiB(agent.pid), unit: 'MiB' },
    ]);
  } finally {
    clearInterval(look);
    await agent.stop();
  }
}

export async function benchAgent(dir: string): Promise<void> {
  await benchIdle(join(dir, 'idle'));
  await benchBudget(join(dir, 'agent'));
}
