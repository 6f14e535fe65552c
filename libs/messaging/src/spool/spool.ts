import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { MESSAGE_BYTES_MAX, sealEnvelope } from '@mailwarden/contracts';
import { instantOf, type Signer } from '@mailwarden/kernel';
import { currentTraceparent } from '@mailwarden/tracing';
import type { WireMessage } from '../control/publish.js';
import { openCounters, writeCounters, type Counters } from './counters.js';
import { isDiskFull, isLow, LOW_DISK_BYTES_MAX } from './disk-room.js';
import { syncFolder, writeDurably } from './durable-file.js';

export type SpoolClass = 'evidence' | 'measurement';

export interface SpooledMessage {
  readonly class: SpoolClass;
  readonly subject: string;
  readonly type: string;
  readonly data: unknown;
}

/** There is no room that anything could make: what is there is evidence that was not sent yet, or the disk is full of other things. The caller must not do what it could not tell of. */
export class SpoolFull extends Error {
  override readonly name = 'SpoolFull';
}

/** No consumer would take the message, and in front of the others it would hold all of them up. */
export class MessageTooLarge extends Error {
  override readonly name = 'MessageTooLarge';
}

/** What waits cannot be read now. It is kept: the next try may read it. */
export class SpoolUnreadable extends Error {
  override readonly name = 'SpoolUnreadable';
}

/**
 * What an origin has to say, on disk until the bus has it.
 * A message is numbered, signed and synced before `append` resolves. Measurements make room when the space runs out, oldest first, and are counted as lost; evidence never does.
 * On a disk that is low, little is kept beside evidence; on one that is full, measurements are given up first. A message that finds no room takes no number; a measurement among them is counted as lost.
 */
export interface Spool {
  /** Errors: `SpoolFull`, `MessageTooLarge`, and those of the disk. */
  append(message: SpooledMessage): Promise<void>;
  /** Hands every waiting message to `publish`, in order, and forgets it when that resolves. One that cannot be read now is passed over, so that it holds back none of the others. Errors: those of `publish`, and, after the others, `SpoolUnreadable`; what was not sent stays. */
  drain(publish: (message: WireMessage) => Promise<void>): Promise<void>;
  status(): { messages: number; bytes: number; lost: number };
}

interface Waiting {
  readonly sequence: number;
  readonly class: SpoolClass;
  readonly bytes: number;
}

const FILE_NAME = /^(\d{16})\.(evidence|measurement)$/;
const FOLDER_MODE = 0o700;

const nameOf = ({ sequence, class: kind }: Pick<Waiting, 'sequence' | 'class'>): string => `${String(sequence).padStart(16, '0')}.${kind}`;

/** Null where the bytes are no message: nobody could ever send them. */
function messageIn(bytes: Buffer): WireMessage | null {
  try {
    const { id, subject } = JSON.parse(bytes.toString('utf8')) as { id: unknown; subject: unknown };
    return typeof id === 'string' && typeof subject === 'string' ? { id, subject, bytes } : null;
  } catch {
    return null;
  }
}

/** Opens the spool of one origin. A write that a crash cut short was never acknowledged and is removed; a file that holds no message any more counts as lost. */
export async function openSpool(options: { dir: string; bytesMax: number; signer: Signer; source: string }): Promise<Spool> {
  await mkdir(options.dir, { recursive: true, mode: FOLDER_MODE });
  const counters = await openCounters(options.dir);
  const waiting: Waiting[] = [];
  for (const name of await readdir(options.dir)) {
    const match = FILE_NAME.exec(name);
    if (match?.[1] !== undefined) waiting.push({ sequence: Number(match[1]), class: match[2] as SpoolClass, bytes: (await stat(join(options.dir, name))).size });
    else if (name.endsWith('.part')) await unlink(join(options.dir, name));
  }
  waiting.sort((a, b) => a.sequence - b.sequence);
  return new FolderSpool(options, waiting, { lost: counters.lost, sequence: Math.max(counters.sequence, waiting.at(-1)?.sequence ?? 0) });
}

class FolderSpool implements Spool {
  #turn: Promise<unknown> = Promise.resolve();
  #bytes: number;
  /** On its way to the bus: it makes no room, or it would be told and counted as lost. */
  #sending: Waiting | null = null;

  constructor(
    private readonly options: { readonly dir: string; readonly bytesMax: number; readonly signer: Signer; readonly source: string },
    private readonly waiting: Waiting[],
    private readonly counters: Counters,
  ) {
    this.#bytes = waiting.reduce((sum, item) => sum + item.bytes, 0);
  }

  append(message: SpooledMessage): Promise<void> {
    return this.#inTurn(() => this.#append(message));
  }

  status(): { messages: number; bytes: number; lost: number } {
    return { messages: this.waiting.length, bytes: this.#bytes, lost: this.counters.lost };
  }

  async drain(publish: (message: WireMessage) => Promise<void>): Promise<void> {
    const passedOver = new Map<Waiting, SpoolUnreadable>();
    const next = (): Waiting | undefined => this.waiting.find((item) => !passedOver.has(item));
    for (let item = next(); item !== undefined; item = next()) {
      const unreadable = await this.#send(item, publish);
      if (unreadable !== null) passedOver.set(item, unreadable);
    }
    const [trouble] = passedOver.values();
    if (trouble !== undefined) throw trouble;
  }

  /** Null when it is sent, or given up; otherwise why it cannot be read now. Errors: those of `publish`, and of the disk. */
  async #send(item: Waiting, publish: (message: WireMessage) => Promise<void>): Promise<SpoolUnreadable | null> {
    this.#sending = item;
    try {
      const message = await this.#read(item);
      if (message !== null) await publish(message);
      await this.#inTurn(() => this.#forget(item));
      return null;
    } catch (cause) {
      if (cause instanceof SpoolUnreadable) return cause;
      throw cause;
    } finally {
      this.#sending = null;
    }
  }

  /** One change of the folder at a time. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #append({ class: kind, subject, type, data }: SpooledMessage): Promise<void> {
    const sequence = this.counters.sequence + 1;
    const { signer, source } = this.options;
    const envelope = sealEnvelope(signer, { id: randomUUID(), source, type, time: instantOf(Date.now()), subject, sequence, data, traceparent: currentTraceparent() });
    const bytes = Buffer.from(JSON.stringify(envelope));
    if (bytes.length > MESSAGE_BYTES_MAX) throw new MessageTooLarge(`a message for ${subject} has ${bytes.length} bytes; the limit is ${MESSAGE_BYTES_MAX} bytes`);
    const item: Waiting = { sequence, class: kind, bytes: bytes.length };
    try {
      await this.#makeRoom(item);
      await this.#write(item, bytes);
    } catch (cause) {
      if (kind === 'measurement') await this.#countLost();
      throw cause;
    }
    this.counters.sequence = sequence;
    this.waiting.push(item);
    this.#bytes += item.bytes;
  }

  async #countLost(): Promise<void> {
    this.counters.lost += 1;
    await writeCounters(this.options.dir, this.counters).catch(() => undefined); // It is told all the same, and kept with the next one.
  }

  /** Room within the spool's own bound, which is narrow for measurements while the disk is low. */
  async #makeRoom({ class: kind, bytes }: Waiting): Promise<void> {
    const { dir, bytesMax } = this.options;
    const bound = kind === 'measurement' && (await isLow(dir)) ? Math.min(bytesMax, LOW_DISK_BYTES_MAX) : bytesMax;
    while (this.#bytes + bytes > bound) {
      if (!(await this.#giveUpOldest())) throw new SpoolFull(`the spool holds ${this.#bytes} bytes that may not go before they were sent; its limit is now ${bound} bytes`);
    }
  }

  /** Writes a message, on a full disk in place of older measurements. */
  async #write(item: Waiting, bytes: Uint8Array): Promise<void> {
    for (;;) {
      try {
        return await writeDurably(this.options.dir, nameOf(item), bytes);
      } catch (cause) {
        await unlink(join(this.options.dir, nameOf(item))).catch(() => undefined); // Its number is free again only when nothing of it is left.
        if (!isDiskFull(cause)) throw cause;
        if (!(await this.#giveUpOldest())) throw new SpoolFull('the disk is full, and nothing of the spool may go before it was sent', { cause });
      }
    }
  }

  /** Makes room by the oldest measurement. False when there is none, or a disk without any room lets nobody note what was given up. */
  async #giveUpOldest(): Promise<boolean> {
    const oldest = this.waiting.find((item) => item.class === 'measurement' && item !== this.#sending);
    if (oldest === undefined) return false;
    this.counters.lost += 1;
    try {
      await this.#forget(oldest);
      return true;
    } catch (cause) {
      this.counters.lost -= 1;
      if (isDiskFull(cause)) return false;
      throw cause;
    }
  }

  /** Null for what was given up: room was made meanwhile, or what lies there is no message and never will be. Errors: `SpoolUnreadable`; the message stays. */
  async #read(item: Waiting): Promise<WireMessage | null> {
    const bytes = await this.#bytesOf(item);
    if (!this.waiting.includes(item)) return null; // Made room meanwhile, and counted.
    const message = bytes === null ? null : messageIn(bytes);
    if (message === null) this.counters.lost += 1;
    return message;
  }

  /** Null where nothing is there any more. A disk that answers an error says nothing about what lies on it. */
  async #bytesOf(item: Waiting): Promise<Buffer | null> {
    const name = nameOf(item);
    try {
      return await readFile(join(this.options.dir, name));
    } catch (cause) {
      const { code = 'unknown' } = cause as NodeJS.ErrnoException;
      if (code === 'ENOENT') return null;
      throw new SpoolUnreadable(`${name} in ${this.options.dir} cannot be read (${code}); it stays, and is tried again: look at the disk`, { cause });
    }
  }

  /**
   * The counters are on disk before the file that they could be read from is gone.
   * On a full disk that is kept waiting while a newer file tells the number as well: forgetting is what makes room again.
   */
  async #forget(item: Waiting): Promise<void> {
    if (!this.waiting.includes(item)) return;
    try {
      await writeCounters(this.options.dir, this.counters);
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
