import { open } from 'node:fs/promises';
import { join } from 'node:path';

export const ASIDE_FILE = 'aside.jsonl';
const FILE_MODE = 0o600;
/** Nothing more is put aside, and so nothing more forwarded, beyond this: somebody has to look. Units: bytes. */
export const ASIDE_BYTES_MAX = 67_108_864;

/** A message that the receiver cannot have, with the reason. */
export interface Aside {
  readonly at: string;
  readonly subject: string;
  readonly streamSequence: number;
  readonly reason: string;
  /** The message as it came, in base64. */
  readonly original: string;
}

/** Appends one line and resolves when it is on disk. Errors: rejects when the file is full or cannot be written; the message then stays on the bus. */
export async function putAside(dir: string, aside: Aside, bytesMax = ASIDE_BYTES_MAX): Promise<void> {
  const path = join(dir, ASIDE_FILE);
  const file = await open(path, 'a', FILE_MODE);
  try {
    const line = `${JSON.stringify(aside)}\n`;
    if ((await file.stat()).size + Buffer.byteLength(line) > bytesMax) throw new Error(`${path} has reached ${bytesMax} bytes; look at it, move it away, and forwarding goes on`);
    await file.writeFile(line);
    await file.datasync();
  } finally {
    await file.close();
  }
}
