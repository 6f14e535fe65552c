import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Heartbeat } from '@mailwarden/contracts';
import { instantOf, keyedHash } from '@mailwarden/kernel';

/** What tells one run of an agent from another, also where both have the same keys. */
export type AgentRun = NonNullable<Heartbeat['run']>;

const HOST_CHARACTERS_MAX = 64;
const MACHINE_DIGITS = 12;

/** Privacy: the machine's id itself stays here; its name is that of a mail server. */
export async function agentRun(root: string, hashKey: Uint8Array): Promise<AgentRun> {
  const machine = await readFile(join(root, 'etc/machine-id'), 'utf8').catch(() => readFile('/etc/machine-id', 'utf8').catch(() => ''));
  const host = hostname().toLowerCase().replaceAll(/[^a-z0-9.-]/g, '-').slice(0, HOST_CHARACTERS_MAX);
  return { id: randomUUID(), startedAt: instantOf(Date.now()), host: host === '' ? '-' : host, machine: keyedHash(hashKey, `machine ${machine.trim()}`).slice(0, MACHINE_DIGITS) };
}
