import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Observation } from '@mailwarden/contracts';
import type { ChildScan } from './scan-child.js';

const CHILD = fileURLToPath(new URL('scan-child.ts', import.meta.url));
const LOADER = fileURLToPath(new URL('../../scripts/from-source.mjs', import.meta.url));

/** One scan in a process of its own. */
export interface ProcessScan {
  readonly observation: Observation;
  /** From the start of the program to what it says. Units: milliseconds. */
  readonly tookMs: number;
  /** Exit of the process. */
  readonly ended: Promise<number | null>;
}

/** Scans in a process of its own, started by `command` where it needs other circumstances. Errors: throws when it ends and said nothing. */
export async function scanInProcess(scan: ChildScan, command: readonly string[] = []): Promise<ProcessScan> {
  const startedMs = performance.now();
  const [program = '', ...args] = [...command, process.execPath, '--disable-warning=ExperimentalWarning', '--import', LOADER, CHILD, JSON.stringify(scan)];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let trouble = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (trouble += text));
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  const said = once(createInterface({ input: child.stdout }), 'line').then(([line]) => line as string);
  const line = await Promise.race([said, ended.then((code) => Promise.reject(new Error(`the scan said nothing and ended with ${String(code)}: ${trouble.slice(-1_000)}`)))]);
  return { observation: JSON.parse(line) as Observation, tookMs: performance.now() - startedMs, ended };
}
