import { closeSync, constants, fchmodSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { readGuardedBytes } from '@mailwarden/config';
import { z } from 'zod';
import { CommandFailure } from '../failure.js';
import type { Layout } from './layout.js';
import { endProcess, identityOf, isRunning } from './process-identity.js';

const identity = z.object({ pid: z.number().int().positive(), startTicks: z.number() });

export const PROCESS_STATES = ['starting', 'ready', 'restarting', 'ended'] as const;
const supervised = z.object({ name: z.string(), state: z.enum(PROCESS_STATES), identity: identity.nullable(), restarts: z.number().int(), since: z.string(), stopSignal: z.enum(['SIGINT', 'SIGTERM']) });
export type SupervisedRecord = z.output<typeof supervised>;

/** What one runtime says of itself on disk. */
export const runRecord = z.object({
  schema: z.literal('mailwarden/runtime/v1'),
  version: z.string(),
  supervisor: identity,
  demo: z.boolean(),
  ready: z.boolean(),
  startedAt: z.string(),
  url: z.string(),
  bus: z.object({ url: z.string(), ca: z.string(), siemCreds: z.string(), siemName: z.string() }),
  processes: z.array(supervised),
});
export type RunRecord = z.output<typeof runRecord>;

const FILE_MODE = 0o600;
/** A record names a few processes for each watched server. Units: bytes. */
const RECORD_BYTES_MAX = 4 * 1024 * 1024;
/** Time that an orphan of a killed runtime gets to end in order. Units: milliseconds. */
const ORPHAN_MS_MAX = 4_000;

/** The record as it lies there; null when there is none, or none that can be read. Safety: one that others could have written, or a link, is none: by its word processes are ended. */
export async function readRunRecord(layout: Pick<Layout, 'record'>): Promise<RunRecord | null> {
  try {
    const parsed = runRecord.safeParse(JSON.parse((await readGuardedBytes(layout.record, RECORD_BYTES_MAX)).toString('utf8')));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** Written whole or not at all, in place, since it is written from handlers that cannot wait. */
export function writeRunRecord(layout: Pick<Layout, 'record'>, record: RunRecord): void {
  rmSync(`${layout.record}.new`, { force: true }); // A start that was cut short left it.
  writeFileSync(`${layout.record}.new`, `${JSON.stringify(record, null, 2)}\n`, { mode: FILE_MODE, flag: 'wx' });
  renameSync(`${layout.record}.new`, layout.record);
}

export const removeRunRecord = (layout: Pick<Layout, 'record'>): void => rmSync(layout.record, { force: true });

/** Ends what a killed runtime left running. Safety: only processes that it wrote down, by number and start time. */
export async function endOrphans(record: RunRecord): Promise<number> {
  const left = record.processes.filter((item) => item.identity !== null && isRunning(item.identity));
  await Promise.all(left.map(async ({ identity: own, stopSignal }) => (own === null ? undefined : endProcess(own, stopSignal, ORPHAN_MS_MAX))));
  return left.length;
}

function passableToAll(folder: string): void {
  const fd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fchmodSync(fd, 0o711);
  } finally {
    closeSync(fd);
  }
}

/** Takes a data folder for this process. Errors: CommandFailure when another runtime has it. */
export async function takeDataFolder(layout: Layout, say: (text: string) => void): Promise<{ pid: number; startTicks: number }> {
  try {
    mkdirSync(layout.data, { recursive: true });
    // Folders inside are the owner's alone; the way to them must be open, since the database runs under another account.
    passableToAll(layout.data);
  } catch (cause) {
    throw new CommandFailure(`the data folder ${layout.data} cannot be used (${(cause as NodeJS.ErrnoException).code ?? 'unknown'})`, 'name a folder of your own with --data', [], { cause });
  }
  const before = await readRunRecord(layout);
  if (before !== null) {
    if (isRunning(before.supervisor)) throw new CommandFailure(`a runtime already runs here, at ${before.url}`, `stop it with: mailwarden down --data ${layout.data}, or name another folder with --data and another --port`);
    const ended = await endOrphans(before);
    if (ended > 0) say(`ended ${ended} processes of a runtime that was killed`);
  }
  const own = identityOf(process.pid);
  if (own === null) throw new CommandFailure('the kernel does not show this process in /proc', 'mailwarden runs on Linux, with /proc mounted');
  return own;
}
