import { LINE_HEAD_MAX, momentOfLine, readSyslogLine } from '@mailwarden/rotation-rules';
import { localClock } from './host-config.js';

/** Lines of a product in a log. Units: lines; bytes with line ends; milliseconds since 1970. */
export interface LineSums {
  readonly lines: number;
  readonly bytes: number;
  readonly oldestMs: number | null;
  readonly newestMs: number | null;
}

export const NO_LINES: LineSums = { lines: 0, bytes: 0, oldestMs: null, newestMs: null };

const extreme = (pick: (...values: number[]) => number, one: number | null, other: number | null): number | null => (one === null ? other : other === null ? one : pick(one, other));

export const added = (one: LineSums, other: LineSums): LineSums => ({ lines: one.lines + other.lines, bytes: one.bytes + other.bytes, oldestMs: extreme(Math.min, one.oldestMs, other.oldestMs), newestMs: extreme(Math.max, one.newestMs, other.newestMs) });

/** Counts lines in what is handed to it piece by piece. Of each line only the head is looked at, so that a line without end takes no room. */
export class LineCounter {
  #lines = 0;
  #bytes = 0;
  #oldestMs: number | null = null;
  #newestMs: number | null = null;
  #head = '';
  #length = 0;
  /** Whether the line before was the product's: what follows without a head of its own belongs to it. */
  #within = false;
  #moment = '';

  constructor(
    private readonly matches: (program: string) => boolean,
    private readonly mtimeMs: number,
  ) {}

  take(chunk: Buffer): void {
    const text = chunk.toString('latin1'); // Once for the whole piece: its lines are then views of it.
    let start = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      this.#keep(text, start, end);
      this.#line(this.#length + 1);
      start = end + 1;
    }
    this.#keep(text, start, text.length);
  }

  /** Bytes that wait for the end of their line. */
  get waiting(): number {
    return this.#length;
  }

  get sums(): LineSums {
    return { lines: this.#lines, bytes: this.#bytes, oldestMs: this.#oldestMs, newestMs: this.#newestMs };
  }

  #keep(text: string, start: number, end: number): void {
    const room = LINE_HEAD_MAX - this.#head.length;
    if (room > 0 && end > start) this.#head += text.slice(start, Math.min(end, start + room));
    this.#length += end - start;
  }

  #line(bytes: number): void {
    const line = readSyslogLine(this.#head);
    this.#head = '';
    this.#length = 0;
    if (line === null) {
      if (this.#within) this.#bytes += bytes;
      return;
    }
    this.#within = this.matches(line.program);
    if (!this.#within) return;
    this.#lines += 1;
    this.#bytes += bytes;
    if (line.moment === this.#moment) return;
    this.#moment = line.moment;
    const atMs = momentOfLine(line.moment, this.mtimeMs, localClock);
    this.#oldestMs = extreme(Math.min, this.#oldestMs, atMs);
    this.#newestMs = extreme(Math.max, this.#newestMs, atMs);
  }
}
