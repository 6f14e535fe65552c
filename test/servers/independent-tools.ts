import type { RunningServer } from '../../scripts/mail-server/running-server.ts';

/** What programs of the system say of some files: nothing of the product is asked. */
export interface FoundFiles {
  readonly items: number;
  readonly bytesApparent: number;
  readonly bytesAllocated: number;
  /** By modification, or by the last change of the file itself where that is older, as a forged time cannot be. Null where there is none. */
  readonly oldestAt: Date | null;
}

/** `find` counts and weighs the regular files that a test of its own takes in; `places` are shell words, so that folders of many people are written as they are. */
export async function findFiles(server: RunningServer, places: string, test = ''): Promise<FoundFiles> {
  const script = `find ${places} -type f ${test} -printf '%s %b %T@ %C@\\n' 2>/dev/null`;
  const { stdout } = await server.run(['/bin/sh', '-c', script]);
  const rows = stdout.split('\n').filter((line) => line !== '').map((line) => line.split(' ').map(Number));
  const oldest = Math.min(...rows.map(([, , modified = 0, changed = 0]) => Math.min(modified, changed)));
  return {
    items: rows.length,
    bytesApparent: rows.reduce((sum, [size = 0]) => sum + size, 0),
    bytesAllocated: rows.reduce((sum, [, blocks = 0]) => sum + blocks * 512, 0),
    oldestAt: rows.length === 0 ? null : new Date(Math.floor(oldest * 1000)),
  };
}

/** What `du` says that the files of some places take. Units: bytes. */
export async function duBytes(server: RunningServer, places: string, test = ''): Promise<number> {
  const total = await server.output(['/bin/sh', '-c', `find ${places} -type f ${test} -print0 2>/dev/null | du --files0-from=- --total --block-size=1 | tail -n 1`]);
  return Number(total.split('\t', 1)[0]);
}

/** Letters in Postfix's queues, by `postqueue`. */
export async function postfixQueues(server: RunningServer): Promise<Record<string, number>> {
  const lines = (await server.output(['/usr/sbin/postqueue', '-j'])).split('\n').filter((line) => line !== '');
  const counts: Record<string, number> = {};
  for (const line of lines) {
    const { queue_name: queue } = JSON.parse(line) as { queue_name: string };
    counts[queue] = (counts[queue] ?? 0) + 1;
  }
  return counts;
}

/** Letters of one person in the mailboxes that a mask takes in, by Dovecot itself. */
export async function dovecotLetters(server: RunningServer, person: string, mask: string): Promise<number> {
  const told = await server.output(['/usr/bin/doveadm', '-f', 'tab', 'mailbox', 'status', '-u', person, 'messages', mask]);
  return told.trim().split('\n').slice(1).reduce((sum, line) => sum + Number(line.split('\t')[1]), 0);
}

/** Accounts of the server that the kernel lets read at least one of some files: each really tries. */
export async function whoReads(server: RunningServer, places: string): Promise<string[]> {
  const script = `getent passwd | while IFS=: read -r name x uid gid rest; do
    if setpriv --reuid="$uid" --regid="$gid" --init-groups find ${places} -type f -readable -print -quit 2>/dev/null | grep -q .; then echo "$name"; fi
  done`;
  return (await server.output(['/bin/sh', '-c', script], { limitMs: 120_000 })).trim().split('\n').filter((line) => line !== '').sort();
}
