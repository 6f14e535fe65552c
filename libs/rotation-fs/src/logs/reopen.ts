import { closeSync, readFileSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';
import type { RotateActive } from '@mailwarden/catalogue';
import { kernelServes, runCommand, serviceProcess, untrustedPart } from '@mailwarden/inventory-fs';
import { err, ok, type Result } from '@mailwarden/kernel';
import { openProcess, signalProcess } from '@mailwarden/linux';
import type { RotateRequest } from '../rotate-request.js';
import { writersOf, type LogWriter } from './log-writers.js';
import { permittedUsers } from './permitted-users.js';
import type { FileIdentity } from './store-file.js';

/** How long a product gets to take its new file. Units: milliseconds. */
export const REOPEN_MS_MAX = 10_000;
const LOOK_EVERY_MS = 20;
/** Generations of processes between the service's own and one that writes for it. */
const ANCESTORS_MAX = 32;
const INIT = 1;

type Signal = Extract<RotateActive, { by: 'reopen-signal' }>;
type Command = Extract<RotateActive, { by: 'reopen-command' }>;
export type ReopenWay = Signal | Command;

/** What makes a product take a new file, looked at beforehand. */
export interface Reopening {
  /** Tells the product. Returns null, or why it could not be told. */
  tell(): Promise<string | null>;
  close(): void;
}

function parentOf(pid: number): number {
  try {
    return Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function isOf(pid: number, service: number): boolean {
  let current = pid;
  for (let steps = 0; steps < ANCESTORS_MAX && current > INIT; steps += 1) {
    if (current === service) return true;
    current = parentOf(current);
  }
  return false;
}

/**
 * Finds the process to signal, and holds on to it, so that another one that gets its number is never signalled.
 * Safety: it must be the one that writes the log, alone or with those it started, and belong to root or an account of the profile: so a pid file that the product's own account wrote cannot point at anybody else.
 */
async function bySignal(request: RotateRequest, how: Signal, writers: readonly LogWriter[]): Promise<Result<Reopening, string>> {
  const found = await serviceProcess(request.host, how.process);
  if (!found.known) return err(`the process to be told is not known (${found.reason})`);
  const { pid, startedAtMs, uids } = found.value;
  const users = permittedUsers(request);
  if (pid === INIT || !uids.every((uid) => users.has(uid))) return err('the process to be told runs under an account that is none of the product');
  if (!writers.some((writer) => writer.pid === pid)) return err('the process to be told does not have the log open for writing');
  if (!writers.every((writer) => isOf(writer.pid, pid))) return err('another process than that of the product has the log open for writing');
  const handle = openProcess(pid);
  const again = await serviceProcess(request.host, how.process);
  if (!again.known || again.value.pid !== pid || again.value.startedAtMs !== startedAtMs) {
    closeSync(handle);
    return err('the process to be told was started anew meanwhile');
  }
  return ok({
    tell: () => {
      const failed = signalProcess(handle, `SIG${how.signal}`);
      return Promise.resolve(failed === null ? null : `the signal did not reach the product (${failed})`);
    },
    close: () => closeSync(handle),
  });
}

function byCommand({ command, timeoutSeconds }: Command): Result<Reopening, string> {
  const untrusted = untrustedPart(command[0] ?? '');
  if (untrusted !== null) return err(`the command that makes the product open a new file cannot be trusted: ${untrusted}`);
  return ok({
    tell: async () => {
      const told = await runCommand(command, timeoutSeconds);
      return told.known ? null : told.reason;
    },
    close: () => undefined,
  });
}

const NOBODY: Reopening = { tell: () => Promise.resolve(null), close: () => undefined };

/** Sees to it beforehand that the product can be made to take a new file. Errors: why it cannot; then the log stays as it is. */
export async function prepareReopening(request: RotateRequest, file: FileIdentity, how: ReopenWay): Promise<Result<Reopening, string>> {
  const served = kernelServes(request.host);
  if (!served.ok) return served;
  const writers = writersOf(file);
  if (writers.length === 0) return ok(NOBODY);
  return how.by === 'reopen-signal' ? bySignal(request, how, writers) : byCommand(how);
}

/** Waits until nobody writes to a file any more. Returns false when its time is over. */
export async function waitUntilLeft(file: FileIdentity, timeoutMs = REOPEN_MS_MAX): Promise<boolean> {
  const endTicks = performance.now() + timeoutMs;
  let writers = writersOf(file);
  while (writers.length > 0 && performance.now() < endTicks) {
    await after(LOOK_EVERY_MS);
    // Those who had it are looked at again and again, all others once they have let go.
    const still = writersOf(file, new Set(writers.map(({ pid }) => pid)));
    writers = still.length > 0 ? still : writersOf(file);
  }
  return writers.length === 0;
}
