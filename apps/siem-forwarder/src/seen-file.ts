import { readStateFile, writeStateFile } from '@mailwarden/config';
import { z } from 'zod';
import type { Seen } from './gap-watch.js';

const NAME = 'seen.json';
const BYTES_MAX = 1_048_576;

const number = z.number().int().min(0);
const form = z.record(z.string(), z.object({ highest: number, missing: z.array(z.object({ from: number, to: number, sinceMs: z.number() })) }));

/** Numbers that were seen before this start. A file that cannot be read is as good as none: counting begins anew, and nothing else depends on it. */
export function readSeen(dir: string): Seen {
  try {
    const parsed = form.safeParse(JSON.parse(readStateFile(dir, NAME, BYTES_MAX)?.toString('utf8') ?? '{}'));
    return parsed.success ? parsed.data : {};
  } catch {
    return {};
  }
}

export const keepSeen = (dir: string, seen: Seen): void => writeStateFile(dir, NAME, Buffer.from(JSON.stringify(seen)));
