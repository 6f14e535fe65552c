import type { SqliteReply } from './sqlite-command.js';

/** Keys of the largest batch, and far from what would fill a mail server's memory. Units: bytes. */
export const REPLY_BYTES_MAX = 128 * 1024 * 1024;
const NEWLINE = 10;

const isRows = (rows: unknown): boolean => Array.isArray(rows) && rows.every((row) => Array.isArray(row));

function replyOf(line: string): SqliteReply | null {
  try {
    const reply = JSON.parse(line) as SqliteReply | null;
    return typeof reply !== 'object' || reply === null || ('rows' in reply && !isRows(reply.rows)) ? null : reply;
  } catch {
    return null;
  }
}

/** Replies of the process that writes to a file, a line each. It runs as the account that the file belongs to, which may have it say anything. */
export class ReplyLines {
  #parts: Buffer[] = [];
  #bytes = 0;

  constructor(
    private readonly tell: (reply: SqliteReply) => void,
    private readonly bytesMax = REPLY_BYTES_MAX,
  ) {}

  /** Tells each reply that is whole. Returns what is wrong with what came, in words; null where nothing is. Nothing more is taken then. */
  take(chunk: Buffer): string | null {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      if (this.#bytes + (end - from) > this.bytesMax) return this.#tooMuch;
      const reply = replyOf(Buffer.concat([...this.#parts, chunk.subarray(from, end)]).toString('utf8'));
      if (reply === null) return 'the process that wrote to it said something else than a reply';
      [this.#parts, this.#bytes, from] = [[], 0, end + 1];
      this.tell(reply);
    }
    this.#parts.push(chunk.subarray(from));
    this.#bytes += chunk.length - from;
    return this.#bytes > this.bytesMax ? this.#tooMuch : null;
  }

  get #tooMuch(): string {
    [this.#parts, this.#bytes] = [[], 0];
    return `it has more to say than ${this.bytesMax} bytes`;
  }
}
