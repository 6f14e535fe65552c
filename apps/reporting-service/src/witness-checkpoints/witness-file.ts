import { open, type FileHandle } from 'node:fs/promises';
import { keptCheckpoint, type SignedCheckpoint } from '@mailwarden/evidence-pack';
import type { HeadSource } from '../append-evidence/witnessed-head.js';
import type { Witness } from './witness.js';

const FILE_MODE = 0o640;
/** More than any line has. Units: bytes. */
const TAIL_BYTES = 65_536;
const NEW_LINE = '\n';

/** The end of a file, as much as holds its last line. */
async function tailOf(file: FileHandle): Promise<string> {
  const { size } = await file.stat();
  const from = Math.max(0, size - TAIL_BYTES);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(size, TAIL_BYTES)), 0, Math.min(size, TAIL_BYTES), from);
  return buffer.toString('utf8', 0, bytesRead);
}

/** Adds one line to a file and waits until the disk has it. A line that a crash cut is ended first, so that the new one stands by itself. */
export async function appendLine(path: string, line: string): Promise<void> {
  const file = await open(path, 'a+', FILE_MODE);
  try {
    const tail = await tailOf(file);
    await file.appendFile(`${tail === '' || tail.endsWith(NEW_LINE) ? '' : NEW_LINE}${line}${NEW_LINE}`);
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** A file that is only added to, one head a line: best on storage that is copied elsewhere, or can only be added to. */
export class WitnessFile implements Witness, HeadSource {
  readonly name = 'file';
  readonly everyMs = 0;

  constructor(private readonly path: string) {}

  tell(head: SignedCheckpoint): Promise<void> {
    return appendLine(this.path, JSON.stringify(head));
  }

  /** The last head of the file; lines that are none are passed over. */
  async newest(): Promise<unknown> {
    const file = await open(this.path, 'r').catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return null;
      throw cause;
    });
    if (file === null) return null;
    try {
      return (await tailOf(file)).split(NEW_LINE).map(parsed).findLast((json) => keptCheckpoint(json) !== null) ?? null;
    } finally {
      await file.close();
    }
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
