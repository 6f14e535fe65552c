import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { processesOf } from '../../scripts/suites/processes-of.ts';
import { runLimited, type LimitedRun } from '../../scripts/suites/run-limited.ts';

const LIMIT_MS = 60_000;
/** Long enough that only an end from outside explains an early one. */
const HANG = 'setInterval(() => undefined, 1_000)';
const HANG_DEAF = `process.on('SIGTERM', () => undefined); ${HANG}`;

const node = (script: string): { command: string; args: string[] } => ({ command: process.execPath, args: ['-e', script] });
/** A program that starts another one in a session of its own, as a runtime starts its services, and says when that one runs. */
const startsApart = (then: string): string => `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(HANG)}], { detached: true, stdio: 'ignore' }).once('spawn', function () { ${then} })`;
const run = (script: string, options: Partial<LimitedRun> = {}) => runLimited({ ...node(script), limitMs: LIMIT_MS, signal: new AbortController().signal, ...options });

/** Those that still run; a dead one that its parent has not asked after has no command line. */
const running = (pids: readonly number[]): number[] =>
  pids.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
    } catch {
      return false;
    }
  });

describe('the run of one suite', () => {
  it('hands on how the command ended', async () => {
    expect(await run('process.exit(3)')).toEqual({ status: 3, outOfTime: false, leftBehind: [] });
  });

  it('gives the command its settings', async () => {
    expect((await run('process.exit(Number(process.env.ANSWER))', { env: { ANSWER: '42' } })).status).toBe(42);
  });

  it('ends what hangs, even when it does not listen', async () => {
    const end = await run(HANG_DEAF, { limitMs: 300 });
    expect(end).toMatchObject({ status: null, outOfTime: true });
  });

  it('ends, out of time, what the command started apart from itself', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'mailwarden-suites-'));
    const pidFile = join(dir, 'pid');
    const end = await run(startsApart(`require('node:fs').writeFileSync(${JSON.stringify(pidFile)}, String(this.pid)); ${HANG}`), { limitMs: 1_000 });
    const pid = Number(await readFile(pidFile, 'utf8'));
    await rm(dir, { recursive: true });
    expect(end.outOfTime).toBe(true);
    expect(pid).toBeGreaterThan(1);
    expect(running([pid])).toEqual([]);
  });

  it('names and ends what outlives the command', async () => {
    const end = await run(startsApart('process.exit(0)'));
    expect(end.status).toBe(0);
    expect(end.leftBehind.map(({ command }) => command)).toEqual([expect.stringContaining(HANG)]);
    expect(running(end.leftBehind.map(({ pid }) => pid))).toEqual([]);
  });

  it('ends at once when the run is stopped', async () => {
    const stop = new AbortController();
    const ended = run(HANG, { signal: stop.signal });
    stop.abort();
    expect((await ended).outOfTime).toBe(false);
  });

  it('knows its own processes from all others', () => {
    expect(processesOf('a mark that no process carries')).toEqual([]);
  });
});
