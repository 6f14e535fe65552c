import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Host } from '../host.js';
import { capabilityHolders } from './capability-holders.js';

const READ_SEARCH = '0000000000000004';
const OVERRIDE_AND_NET = '0000000000001002';
const NET_ALONE = '0000000000001000';

let proc: string;
let fd: number;
beforeEach(() => {
  proc = mkdtempSync(join(tmpdir(), 'mailwarden-proc-'));
  writeFileSync(join(proc, 'stat'), 'btime 1000\n');
  mkdirSync(join(proc, 'self/ns'), { recursive: true });
  symlinkSync('user:[1]', join(proc, 'self/ns/user'));
  fd = openSync('/', 'r');
});
afterEach(() => {
  closeSync(fd);
  rmSync(proc, { recursive: true });
});

/** A process as the kernel would show it. */
function running(pid: number, uid: number, capabilities: string, { namespace = 1, numbers = `${pid}`, state = 'S' } = {}): void {
  mkdirSync(join(proc, `${pid}/ns`), { recursive: true });
  symlinkSync(`user:[${namespace}]`, join(proc, `${pid}/ns/user`));
  writeFileSync(join(proc, `${pid}/stat`), `${pid} (a) b) ${state} ${Array.from({ length: 40 }, () => '1').join(' ')}\n`);
  writeFileSync(join(proc, `${pid}/status`), `Name:\ta\nPPid:\t1\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\nGid:\t1\t1\t1\t1\nNSpid:\t${numbers}\nCapPrm:\t${capabilities}\nCapEff:\t0000000000000000\n`);
}

const rootMount = statSync('/').dev;
const told = (rootPath = '/') => {
  const host = { root: { fd, mountId: rootMount, uid: 0, gid: 0, mode: 0o755, size: 0 }, rootPath, settings: { databases: {} } } as Host;
  const holders = capabilityHolders(host, { proc, sys: '/sys' });
  return holders.known ? holders.value.map(({ uid, capability, isOwn }) => `${uid} ${capability}${isOwn ? ' own' : ''}`) : holders.reason;
};

describe('who passes over the rights of files', () => {
  it('is each account once, whatever else its processes hold', () => {
    running(100, 987, READ_SEARCH);
    running(101, 987, READ_SEARCH);
    running(102, 987, OVERRIDE_AND_NET);
    running(103, 33, NET_ALONE);
    expect(told()).toEqual(['987 CAP_DAC_READ_SEARCH', '987 CAP_DAC_OVERRIDE']);
  });

  it('is not the super-user, who needs no telling, and nobody inside of a container', () => {
    running(100, 0, 'ffffffffffffffff');
    running(101, 987, OVERRIDE_AND_NET, { namespace: 2 });
    running(102, 987, OVERRIDE_AND_NET, { numbers: '102\t7' });
    running(103, 987, OVERRIDE_AND_NET, { state: 'Z' });
    expect(told()).toEqual([]);
  });

  it('is not an account that the super-user works for, as Postfix does while it delivers a letter', () => {
    running(100, 987, OVERRIDE_AND_NET);
    const status = readFileSync(join(proc, '100/status'), 'latin1');
    writeFileSync(join(proc, '100/status'), status.replace('Uid:\t987\t987\t987\t987', 'Uid:\t0\t987\t0\t987'));
    expect(told()).toEqual([]);
  });

  it('is this process too, and says so unless another one of its account does the same', () => {
    running(process.pid, 986, READ_SEARCH);
    expect(told()).toEqual(['986 CAP_DAC_READ_SEARCH own']);
    running(100, 986, READ_SEARCH);
    expect(told()).toEqual(['986 CAP_DAC_READ_SEARCH']);
  });

  it('is not known of a folder that stands for another host', () => {
    running(100, 987, OVERRIDE_AND_NET);
    expect(told('/srv/other-host')).toContain('kernel');
  });
});
