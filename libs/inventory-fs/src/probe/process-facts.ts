import { readFileSync } from 'node:fs';
import type { Probe } from '@mailwarden/catalogue';
import { instantOf, known, unknown, type Instant, type Measured } from '@mailwarden/kernel';
import type { Host } from '../host.js';
import { serviceProcess } from '../kernel/service-process.js';

type ServiceName = Extract<Probe, { kind: 'process' }>['by'];

export const nameOf = (by: ServiceName): string => ('unit' in by ? by.unit : by.pidFile);

export async function serviceStartedAt(host: Host, by: ServiceName): Promise<Measured<Instant>> {
  const process = await serviceProcess(host, by);
  return process.known ? known(instantOf(process.value.startedAtMs), process.source) : process;
}

/** Soft limit of a process's core files: `0`, `unlimited` or bytes. Errors: why it is not known. */
export function coreLimitOf(pid: number, by: string, proc = '/proc'): Measured<string> {
  try {
    const match = /^Max core file size\s+(\S+)/m.exec(readFileSync(`${proc}/${pid}/limits`, 'latin1'));
    return match?.[1] === undefined ? unknown('the kernel shows no core limit for the service') : known(match[1], `/proc/PID/limits of ${by}`);
  } catch {
    return unknown('the limits of the service may not be read');
  }
}

export async function serviceCoreLimit(host: Host, by: ServiceName): Promise<Measured<string>> {
  const process = await serviceProcess(host, by);
  return process.known ? coreLimitOf(process.value.pid, nameOf(by)) : process;
}
