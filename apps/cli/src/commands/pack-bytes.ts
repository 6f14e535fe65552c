import { createReadStream } from 'node:fs';
import { CommandFailure } from '../failure.js';

/** Longest piece without an end of line that is kept; no line of a pack is as long. Units: bytes. */
const PIECE_BYTES_MAX = 4_000_000;
const END_OF_LINE = 0x0a;

/** Lines of a pack as bytes, without their end: what is no text must be seen by whoever checks it. Errors: CommandFailure for what cannot be read. */
export async function* packLines(path: string): AsyncGenerator<Uint8Array> {
  let rest: Buffer = Buffer.alloc(0);
  try {
    for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
      const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
      let from = 0;
      for (let to = bytes.indexOf(END_OF_LINE); to >= 0; to = bytes.indexOf(END_OF_LINE, from)) {
        yield bytes.subarray(from, to);
        from = to + 1;
      }
      rest = bytes.subarray(from);
      if (rest.length > PIECE_BYTES_MAX) break;
    }
  } catch (cause) {
    throw new CommandFailure(`${path} cannot be read: ${cause instanceof Error ? cause.message : 'it failed'}`, 'name the file of an evidence pack', [], { cause });
  }
  if (rest.length > 0) yield rest;
}
