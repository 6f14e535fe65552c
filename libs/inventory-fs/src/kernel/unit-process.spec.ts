import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withHost } from '../host.js';
import { unitProcess } from './unit-process.js';

let sys: string;
const running: ChildProcess[] = [];
beforeEach(() => void (sys = mkdtempSync(join(tmpdir(), 'mailwarden-units-'))));
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
  rmSync(sys, { recursive: true });
});

/** A process and one that it started; the numbers of both. */
async function family(): Promise<[number, number]> {
  const child = spawn('/bin/sh', ['-c', 'exec 3<&0; cat <&3 & echo $!; wait'], { stdio: ['pipe', 'pipe', 'ignore'] });
  running.push(child);
  const inner = await new Promise<number>((resolve) => child.stdout.once('data', (data: Buffer) => resolve(Number(data.toString()))));
  return [child.pid ?? 0, inner];
}

function group(path: string, pids: readonly number[]): void {
  mkdirSync(join(sys, 'fs/cgroup', path), { recursive: true });
  writeFileSync(join(sys, 'fs/cgroup', path, 'cgroup.procs'), pids.map((pid) => `${pid}\n`).join(''));
}

/** The number of the unit's main process, or why there is none. */
async function told(unit: string, root = '/'): Promise<number | string> {
  const found = await withHost(root, { databases: {}, kernel: 'this' }, (host) => unitProcess(host, unit, { proc: '/proc', sys }));
  return found.known ? found.value.pid : found.reason;
}

describe('the main process of a unit', () => {
  it('is the one that the others come from', async () => {
    const [outer, inner] = await family();
    group('system.slice/mail.service', [inner, outer]);
    expect(await told('mail.service')).toBe(outer);
  });

  it.each(['system.slice/system-mail.slice/mail@-.service', 'user.slice/user-1.slice/mail@-.service', 'unified/system.slice/mail@-.service', 'systemd/machine.slice/_mail@-.service'])('is found in %s', async (path) => {
    const [outer] = await family();
    group(path, [outer]);
    expect(await told('mail@-.service')).toBe(outer);
  });

  it('is found in groups below that of the unit, and processes that cannot be seen from here are none', async () => {
    const [outer, inner] = await family();
    group('system.slice/mail.service', [0]);
    group('system.slice/mail.service/workers', [inner]);
    group('system.slice/mail.service/main/deep', [outer]);
    expect(await told('mail.service')).toBe(outer);
  });

  it('of several that nobody of the unit started, is the first', async () => {
    const [first] = await family();
    const [second] = await family();
    group('system.slice/mail.service', [second, first]);
    expect(await told('mail.service')).toBe(first);
  });

  it('of this host is none of a tree that another root lies in', async () => {
    const [outer] = await family();
    group('system.slice/mail.service', [outer]);
    expect(await told('mail.service', sys)).toBe('no process of mail.service runs');
    expect(await told('mail.service')).toBe(outer);
  });

  it('is unknown when nothing of it runs', async () => {
    expect(await told('mail.service')).toBe('no process of mail.service runs');
    group('system.slice/mail.service', []);
    group('system.slice/other-mail.service', [process.pid]);
    group('elsewhere/mail.service', [process.pid]); // No slice.
    expect(await told('mail.service')).toBe('no process of mail.service runs');
    group('system.slice/mail.service', [4_194_304]);
    expect(await told('mail.service')).toBe('no process of mail.service runs');
  });
});
