import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { isIdleForDisk } from './scheduling.js';

/** Field of the priority in `stat` of a thread, counted after the name. Source: proc_pid_stat(5). */
const NICE_FIELD = 16;
const niceOf = (thread: string): number => Number(/\) (.*)$/s.exec(readFileSync(`/proc/self/task/${thread}/stat`, 'latin1'))?.[1]?.split(' ')[NICE_FIELD]);

const FROM_SOURCE = new URL('../../../scripts/from-source.mjs', import.meta.url).href;
const SCHEDULING = new URL('scheduling.ts', import.meta.url).href;

/** What another program says of a thread's place at the disk. Source: ionice(1) of util-linux, which is on every Debian. */
const diskClassOf = (thread: string): string => execFileSync('/usr/bin/ionice', ['-p', thread], { encoding: 'utf8' }).trim();

/** Lowers a thread of its own, as a scan does, and asks it and the kernel. */
function loweredThread(): Promise<{ answer: unknown; idle: boolean | null; thread: string; nice: number; disk: string }> {
  const source = `
    const { parentPort } = require('node:worker_threads');
    const { readlinkSync } = require('node:fs');
    import(${JSON.stringify(FROM_SOURCE)}).then(() => import(${JSON.stringify(SCHEDULING)})).then(({ lowerPriority, isIdleForDisk }) => {
      const answer = lowerPriority();
      parentPort.postMessage({ answer, idle: isIdleForDisk(), thread: readlinkSync('/proc/thread-self').split('/').at(-1) });
      parentPort.once('message', () => {});
    });`;
  const worker = new Worker(source, { eval: true });
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', (said: { answer: unknown; idle: boolean | null; thread: string }) => {
      const seen = { nice: niceOf(said.thread), disk: diskClassOf(said.thread) }; // While the thread still lives.
      void worker.terminate();
      resolve({ ...said, ...seen });
    });
  });
}

describe('a thread that scans', () => {
  it('has the disk and the processor after everybody else, and no other thread does', async () => {
    const here = readlinkSync('/proc/thread-self').split('/').at(-1) ?? '';
    const before = new Map(readdirSync('/proc/self/task').map((thread) => [thread, niceOf(thread)]));
    const lowered = await loweredThread();
    expect(lowered).toMatchObject({ answer: { disk: null, processor: null }, idle: true, nice: 19, disk: 'idle' });
    expect(diskClassOf(here)).not.toBe('idle');
    expect([niceOf(here), isIdleForDisk()]).toEqual([before.get(here), false]);
  });
});
