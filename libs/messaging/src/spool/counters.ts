import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurablyOrOver } from './durable-file.js';

/** What a spool counts: the last number that it gave, and the messages that it had to give up. */
export interface Counters {
  sequence: number;
  lost: number;
}

const COUNTERS_FILE = 'counters.json';
/** Always written this long, so that new counters fit where the old ones are. Units: bytes. */
const COUNTERS_BYTES = 64;

/**
 * Counters that cannot be read are no reason to be silent: numbering goes on from the clock, far above any number that was ever given.
 * The gap shows to whoever counts, and no number is given twice.
 */
async function readCounters(dir: string): Promise<Counters> {
  let text: string;
  try {
    text = await readFile(join(dir, COUNTERS_FILE), 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return { sequence: 0, lost: 0 };
    throw new Error(`the counters of the spool in ${dir} cannot be read; look at the disk and at who owns the folder`, { cause });
  }
  return countersIn(text) ?? { sequence: Date.now(), lost: 0 };
}

function countersIn(text: string): Counters | null {
  try {
    const { sequence, lost } = JSON.parse(text) as Partial<Counters>;
    return Number.isSafeInteger(sequence) && Number.isSafeInteger(lost) ? { sequence: Number(sequence), lost: Number(lost) } : null;
  } catch {
    return null;
  }
}

/** Opens the counters of a folder, and takes the room that they need while there is some. Errors: when they are there and cannot be read. */
export async function openCounters(dir: string): Promise<Counters> {
  const counters = await readCounters(dir);
  await writeCounters(dir, counters).catch(() => undefined);
  return counters;
}

/**
 * Puts counters on disk. On a full disk they are written over the old ones, which needs no room: cut short by a crash they are garbled, and numbering goes on from the clock.
 * Errors: those of the disk.
 */
export async function writeCounters(dir: string, counters: Counters): Promise<void> {
  await writeDurablyOrOver(dir, COUNTERS_FILE, Buffer.from(JSON.stringify(counters).padEnd(COUNTERS_BYTES)));
}
