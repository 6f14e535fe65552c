import { once } from 'node:events';
import { closeSync, constants, openSync, read, readSync, type Stats } from 'node:fs';
import { Readable, type Transform } from 'node:stream';
import { promisify } from 'node:util';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import type { BytePath } from '@mailwarden/inventory';
import { err, ok, type Result } from '@mailwarden/kernel';
import { withHostFile, type Host } from '../host.js';
import { added, LineCounter, NO_LINES, type LineSums } from './line-counter.js';
import { TAIL_BYTES, type LogMemory } from './log-memory.js';

/** What the system's logs may cost one scan; whoever comes to the end says so. */
export interface LogBudget {
  /** Units: bytes, after decompression. */
  bytesLeft: number;
  /** By the clock that nobody sets. Units: milliseconds. */
  readonly endTicks: number;
}

export interface CountedLog {
  readonly sums: LineSums;
  /** Why only the beginning was counted; null when all of it was. */
  readonly cutOff: string | null;
}

const CHUNK_BYTES = 256 * 1024;
/** Endings that the product's own runtime can unpack. */
const UNPACKING = { '.gz': createGunzip, '.zst': createZstdDecompress } as const;
/** Endings of what is packed in a way that cannot be read here. */
const PACKED = ['.xz', '.bz2', '.lz4', '.lzma', '.Z'];

/** A descriptor of the file that outlives the way to it. The kernel opens the same file again, whatever stands at its name by now. */
const opened = (host: Pick<Host, 'root'>, path: BytePath): Result<{ fd: number; stat: Stats }, string> => withHostFile(host, path, (fd, stat) => ok({ fd: openSync(`/proc/self/fd/${fd}`, constants.O_RDONLY), stat }));

function budgetReason({ bytesLeft, endTicks }: LogBudget): string | null {
  if (bytesLeft <= 0) return 'the logs are larger than one scan reads';
  return performance.now() > endTicks ? 'reading the logs took longer than a scan may take' : null;
}

const readAt = promisify(read);

/** What a file held between two places when it was opened. A stream of its own would close the descriptor, and perhaps one that took its number by then. */
async function* pieces(fd: number, start: number, end: number): AsyncGenerator<Buffer> {
  for (let place = start; place < end; ) {
    const { buffer, bytesRead } = await readAt(fd, Buffer.allocUnsafe(CHUNK_BYTES), 0, Math.min(CHUNK_BYTES, end - place), place);
    if (bytesRead === 0) return;
    place += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Hands a stream's pieces on until it ends or the budget does. */
async function spend(source: AsyncIterable<Buffer>, budget: LogBudget, take: (piece: Buffer) => void): Promise<string | null> {
  for await (const piece of source) {
    const spent = budgetReason(budget);
    if (spent !== null) return spent;
    budget.bytesLeft -= piece.length;
    take(piece);
  }
  return null;
}

/** Counts the lines of a product in one log of the host, packed or not. Errors: why it cannot be read. */
export async function countLines(host: Pick<Host, 'root'>, path: BytePath, matches: { readonly key: string; readonly of: (program: string) => boolean }, budget: LogBudget, memory: LogMemory): Promise<Result<CountedLog, string>> {
  const packed = PACKED.find((ending) => path.endsWith(ending));
  if (packed !== undefined) return err(`it is packed as ${packed}, which cannot be read here`);
  const file = opened(host, path);
  if (!file.ok) return file;
  const { fd, stat } = file.value;
  const key = `${stat.dev}:${stat.ino} ${matches.key}`;
  const unpack = path.endsWith('.gz') ? UNPACKING['.gz'] : path.endsWith('.zst') ? UNPACKING['.zst'] : null;
  try {
    return unpack === null ? ok(await countPlain(fd, stat, key, matches.of, budget, memory)) : await countPacked(fd, stat, key, matches.of, budget, memory, unpack);
  } catch {
    return err('reading it failed');
  } finally {
    closeSync(fd);
  }
}

function tailBefore(fd: number, until: number): Buffer {
  const length = Math.min(TAIL_BYTES, until);
  const tail = Buffer.alloc(length);
  return tail.subarray(0, readSync(fd, tail, 0, length, until - length));
}

/** A log that is written: where a past scan left it, if what stands before that place is still the same. */
async function countPlain(fd: number, stat: Stats, key: string, matches: (program: string) => boolean, budget: LogBudget, memory: LogMemory): Promise<CountedLog> {
  const past = memory.recall(key);
  const start = past !== undefined && past.until <= stat.size && tailBefore(fd, past.until).equals(past.tail) ? past.until : 0;
  const before = start === 0 ? NO_LINES : (past?.sums ?? NO_LINES);
  if (start >= stat.size) return { sums: before, cutOff: null };
  const counter = new LineCounter(matches, stat.mtimeMs);
  let until = start;
  const cutOff = await spend(pieces(fd, start, stat.size), budget, (piece) => {
    until += piece.length;
    counter.take(piece);
  });
  const sums = added(before, counter.sums);
  const whole = until - counter.waiting; // The last line may still be being written.
  memory.keep(key, { until: whole, tail: tailBefore(fd, whole), sums });
  return { sums, cutOff };
}

/** A generation that was packed never changes: it is counted once. */
async function countPacked(fd: number, stat: Stats, key: string, matches: (program: string) => boolean, budget: LogBudget, memory: LogMemory, unpack: () => Transform): Promise<Result<CountedLog, string>> {
  const identity = Buffer.from(`${stat.size} ${stat.mtimeMs}`);
  const past = memory.recall(key);
  if (past?.tail.equals(identity) === true) return ok({ sums: past.sums, cutOff: null });
  const counter = new LineCounter(matches, stat.mtimeMs);
  const source = Readable.from(pieces(fd, 0, stat.size), { objectMode: false });
  const unpacked = source.pipe(unpack());
  source.on('error', (cause) => unpacked.destroy(cause));
  try {
    const cutOff = await spend(unpacked as AsyncIterable<Buffer>, budget, (piece) => counter.take(piece));
    if (cutOff === null) memory.keep(key, { until: stat.size, tail: identity, sums: counter.sums });
    return ok({ sums: counter.sums, cutOff });
  } catch {
    return counter.sums.lines > 0 ? ok({ sums: counter.sums, cutOff: 'the rest of it is damaged' }) : err('what it is packed in is damaged');
  } finally {
    source.destroy();
    if (!source.closed) await once(source, 'close'); // Nothing reads the descriptor any more once it is closed.
  }
}
