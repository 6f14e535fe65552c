import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { MESSAGE_BYTES_MAX, sealEnvelope } from '@mailwarden/contracts';
import { instantOf, type Signer } from '@mailwarden/kernel';
import type { WireMessage } from '../control/publish.js';
import { syncFolder, writeDurably } from './durable-file.js';

export type SpoolClass = 'evidence' | 'measurement';

export interface SpooledMessage {
  readonly class: SpoolClass;
  readonly subject: string;
  readonly type: string;
  readonly data: unknown;
}

/** Every byte is taken by evidence that was not sent yet: the caller must not do what it could not tell of. */
export class SpoolFull extends Error {
  override readonly name = 'SpoolFull';
}

/** No consumer would take the message, and in front of the others it would hold all of them up. */
export class MessageTooLarge extends Error {
  override readonly name = 'MessageTooLarge';
}

/**
 * What an origin has to say, on disk until the bus has it.
 * A message is numbered, signed and synced before `append` resolves. Measurements make room when the space runs out, oldest first, and are counted as lost; evidence never does.
 */
export interface Spool {
  append(message: SpooledMessage): Promise<void>;
  /** Hands every waiting message to `publish`, in order, and forgets it when that resolves. Errors: those of `publish`; what was not sent stays. */
  drain(publish: (message: WireMessage) => Promise<void>): Promise<void>;
  status(): { messages: number; bytes: number; lost: number };
}

interface Waiting {
  readonly sequence: number;
  readonly class: SpoolClass;
  readonly bytes: number;
}

interface Counters {
  sequence: number;
  lost: number;
}

const FILE_NAME = /^(\d{16})\.(evidence|measurement)$/;
const COUNTERS = 'counters.json';
const FOLDER_MODE = 0o700;

const isDiskFull = (cause: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes((cause as NodeJS.ErrnoException).code ?? '');

const nameOf = ({ sequence, class: kind }: Pick<Waiting, 'sequence' | 'class'>): string => `${String(sequence).padStart(16, '0')}.${kind}`;

/** Opens the spool of one origin. A write that a crash cut short was never acknowledged and is removed; a file that became unreadable counts as lost. */
export async function openSpool(options: { dir: string; bytesMax: number; signer: Signer; source: string }): Promise<Spool> {
  await mkdir(options.dir, { recursive: true, mode: FOLDER_MODE });
  const counters = await readCounters(options.dir);
  const waiting: Waiting[] = [];
  for (const name of await readdir(options.dir)) {
    const match = FILE_NAME.exec(name);
    if (match?.[1] !== undefined) waiting.push({ sequence: Number(match[1]), class: match[2] as SpoolClass, bytes: (await stat(join(options.dir, name))).size });
    else if (name.endsWith('.part')) await unlink(join(options.dir, name));
  }
  waiting.sort((a, b) => a.sequence - b.sequence);
  return new FolderSpool(options, waiting, { lost: counters.lost, sequence: Math.max(counters.sequence, waiting.at(-1)?.sequence ?? 0) });
}

/**
 * Counters that cannot be read are no reason to be silent: numbering goes on from the clock, far above any number that was ever given.
 * The gap shows to whoever counts, and no number is given twice.
 */
async function readCounters(dir: string): Promise<Counters> {
  let text: string;
  try {
    text = await readFile(join(dir, COUNTERS), 'utf8');
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

class FolderSpool implements Spool {
  #turn: Promise<unknown> = Promise.resolve();
  #bytes: number;

  constructor(
    private readonly options: { readonly dir: string; readonly bytesMax: number; readonly signer: Signer; readonly source: string },
    private readonly waiting: Waiting[],
    private readonly counters: Counters,
  ) {
    this.#bytes = waiting.reduce((sum, item) => sum + item.bytes, 0);
  }

  append(message: SpooledMessage): Promise<void> {
    const turn = this.#turn.then(() => this.#append(message));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  status(): { messages: number; bytes: number; lost: number } {
    return { messages: this.waiting.length, bytes: this.#bytes, lost: this.counters.lost };
  }

  async drain(publish: (message: WireMessage) => Promise<void>): Promise<void> {
    for (let next = this.waiting[0]; next !== undefined; next = this.waiting[0]) {
      const message = await this.#read(next);
      if (message !== null) await publish(message);
      await this.#forget(next);
    }
  }

  async #append({ class: kind, subject, type, data }: SpooledMessage): Promise<void> {
    const sequence = this.counters.sequence + 1;
    const { signer, source, dir, bytesMax } = this.options;
    const envelope = sealEnvelope(signer, { id: randomUUID(), source, type, time: instantOf(Date.now()), subject, sequence, data });
    const bytes = Buffer.from(JSON.stringify(envelope));
    if (bytes.length > MESSAGE_BYTES_MAX) throw new MessageTooLarge(`a message for ${subject} has ${bytes.length} bytes; the limit is ${MESSAGE_BYTES_MAX} bytes`);
    await this.#makeRoom(bytes.length, bytesMax);
    const item: Waiting = { sequence, class: kind, bytes: bytes.length };
    await writeDurably(dir, nameOf(item), bytes);
    this.counters.sequence = sequence;
    this.waiting.push(item);
    this.#bytes += item.bytes;
  }

  async #makeRoom(wanted: number, bytesMax: number): Promise<void> {
    while (this.#bytes + wanted > bytesMax) {
      const oldest = this.waiting.find((item) => item.class === 'measurement');
      if (oldest === undefined) throw new SpoolFull(`the spool holds ${this.#bytes} bytes of evidence that was not sent; its limit is ${bytesMax} bytes`);
      this.counters.lost += 1;
      await this.#forget(oldest);
    }
  }

  async #read(item: Waiting): Promise<WireMessage | null> {
    try {
      const bytes = await readFile(join(this.options.dir, nameOf(item)));
      const { id, subject } = JSON.parse(bytes.toString('utf8')) as { id: unknown; subject: unknown };
      if (typeof id !== 'string' || typeof subject !== 'string') throw new TypeError('it is no message');
      return { id, subject, bytes };
    } catch {
      if (!this.waiting.includes(item)) return null; // Made room meanwhile, and counted.
      this.counters.lost += 1;
      return null;
    }
  }

  /**
   * The counters are on disk before the file that they could be read from is gone.
   * On a full disk that is kept waiting while a newer file tells the number as well: forgetting is what makes room again.
   */
  async #forget(item: Waiting): Promise<void> {
    if (!this.waiting.includes(item)) return;
    try {
      await writeDurably(this.options.dir, COUNTERS, Buffer.from(JSON.stringify(this.counters)));
    } catch (cause) {
      if (!isDiskFull(cause) || this.waiting.at(-1) === item) throw cause;
    }
    await unlink(join(this.options.dir, nameOf(item))).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'ENOENT') throw cause;
    });
    const place = this.waiting.indexOf(item);
    if (place !== -1) {
      this.waiting.splice(place, 1);
      this.#bytes -= item.bytes;
    }
    await syncFolder(this.options.dir);
  }
}
