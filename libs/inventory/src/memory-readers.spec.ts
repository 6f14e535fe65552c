import { describe, expect, it } from 'vitest';
import { ancestorsOf, memoryWay, type ProcessRights } from './memory-readers.js';

const PTRACE = 1n << 19n;
const process = (pid: number, change: Partial<ProcessRights> = {}): ProcessRights => ({ pid, parentPid: 1, uids: [640, 640, 640, 640], gids: [640, 640, 640, 640], capabilities: 0n, sameUserNamespace: true, dumpable: true, ...change });
const SERVICE = process(100, { parentPid: 50 });
const STRANGER: Partial<ProcessRights> = { uids: [1000, 1000, 1000, 1000], gids: [1000, 1000, 1000, 1000] };
const way = (caller: ProcessRights, scope: number, target = SERVICE) => memoryWay(caller, target, scope, new Map([caller, target, process(50)].map((one) => [one.pid, one])));

describe('whether a process may read the memory of a service', () => {
  it.each<[string, ReturnType<typeof way>, ReturnType<typeof way>]>([
    ['one of the same account', way(process(7), 0), 'owner'],
    ['one of another account', way(process(7, STRANGER), 0), null],
    ['one of the same account and another group', way(process(7, { gids: [1, 1, 1, 1] }), 0), null],
    ['one of the same account, when only ancestors may', way(process(7), 1), null],
    ['its own ancestor, when only ancestors may', way(process(50), 1), 'owner'],
    ['its own ancestor, when only the capability counts', way(process(50), 2), null],
    ['one with the capability, when only that counts', way(process(7, { ...STRANGER, capabilities: PTRACE }), 2), 'capability'],
    ['one with the capability, when nobody may', way(process(7, { capabilities: PTRACE }), 3), null],
    ['one with the capability in a user namespace of its own', way(process(7, { ...STRANGER, capabilities: PTRACE, sameUserNamespace: false }), 0), null],
    ['one with another capability', way(process(7, { ...STRANGER, capabilities: 1n << 2n }), 0), null],
    ['one of the same account, of a service that changed its rights', way(process(7), 0, { ...SERVICE, dumpable: false }), null],
    ['one with the capability, of a service that changed its rights', way(process(7, { capabilities: PTRACE }), 0, { ...SERVICE, dumpable: false }), 'capability'],
    ['one of the same account that holds less than the service', way(process(7), 0, { ...SERVICE, capabilities: 1n << 10n }), null],
    ['one of the same account, of a service that still has another saved account', way(process(7), 0, { ...SERVICE, uids: [640, 640, 0, 640] }), null],
  ])('%s', (_who, found, expected) => {
    expect(found).toBe(expected);
  });

  it('takes no end of ancestors where numbers went round', () => {
    expect(ancestorsOf({ parentPid: 2 }, new Map([[2, { parentPid: 3 }], [3, { parentPid: 2 }]]))).toEqual([2, 3]);
  });
});
