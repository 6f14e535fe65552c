import { Readable } from 'node:stream';
import { StreamableFile } from '@nestjs/common';

/** A pack as a file to take along. What goes wrong before the first line is an answer like any other; later it ends the file before its seal, and whoever checks it says so. */
export async function packFile(lines: AsyncGenerator<string>, name: string): Promise<StreamableFile> {
  const first = await lines.next();
  const all = async function* (): AsyncGenerator<string> {
    if (first.done !== true) yield first.value;
    yield* lines;
  };
  return new StreamableFile(Readable.from(all()), { type: 'application/x-ndjson; charset=utf-8', disposition: `attachment; filename="${name}"` });
}
