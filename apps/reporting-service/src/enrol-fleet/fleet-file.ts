import { readFile, stat } from 'node:fs/promises';
import { labels, membership, profileId, serverName } from '@mailwarden/contracts';
import { z } from 'zod';

/** One server as the fleet file names it: what a membership says, before it is dated and signed. */
const enrolledServer = z.object({
  server: serverName,
  labels,
  profiles: z.array(profileId).min(1).max(20),
  agentKey: membership.shape.agentKey,
  executorKey: membership.shape.executorKey,
});
export type EnrolledServer = z.output<typeof enrolledServer>;

const fleetFile = z.object({ servers: z.array(enrolledServer).max(100_000) });

/** Errors: throws with every problem of the file; the caller keeps the fleet that it knows. */
export async function readFleetFile(path: string): Promise<readonly EnrolledServer[]> {
  const parsed = fleetFile.safeParse(JSON.parse(await readFile(path, 'utf8')));
  if (!parsed.success) throw new Error(`the fleet file cannot be used: ${z.prettifyError(parsed.error)}`);
  return parsed.data.servers;
}

/** Changes whenever the file was written anew; empty when there is none. */
export async function fleetFileMark(path: string): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await stat(path);
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    return '';
  }
}
