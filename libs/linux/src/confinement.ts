import { C_LIBRARY, errorName, lastError } from './c-library.js';

const control = C_LIBRARY.func('int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)') as (option: number, a: number, b: number, c: number, d: number) => number;
const setCapabilities = C_LIBRARY.func('int capset(const uint8_t *header, const uint8_t *sets)') as (header: Uint8Array, sets: Uint8Array) => number;
const setLimit = C_LIBRARY.func('int setrlimit(int resource, const uint8_t *limit)') as (resource: number, limit: Uint8Array) => number;
const unshare = C_LIBRARY.func('int unshare(int what)') as (what: number) => number;

/** Source: linux/prctl.h. */
const PR_CAPBSET_READ = 23;
const PR_CAPBSET_DROP = 24;
const PR_SET_NO_NEW_PRIVS = 38;
/** Source: asm-generic/resource.h; the same on the architectures that Node runs on. */
const RLIMIT_CORE = 4;
/** Source: sched.h. */
const CLONE_NEWNET = 0x4000_0000;
/** Header of capset(2): version 3, this thread. Source: linux/capability.h. */
const CAPABILITY_VERSION = 0x2008_0522;
/** More than any kernel has; the first that it does not know ends the list. */
const CAPABILITIES_MAX = 64;
const WORD_BITS = 32;

/** Capabilities by their numbers. Source: linux/capability.h. */
export const CAPABILITIES = { chown: 0, dacOverride: 1, dacReadSearch: 2, fowner: 3, kill: 5, setgid: 6, setuid: 7, netAdmin: 12, sysPtrace: 19 } as const;

const outcome = (answer: number): string | null => (answer === 0 ? null : errorName(lastError()));

/** Programs that are started from now on gain nothing by their own mode or file capabilities. Returns the kernel's name of the error, null where it is done. Source: prctl(2). */
export const forbidNewPrivileges = (): string | null => outcome(control(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));

/** Nothing of this process's memory is written to disk when it breaks. Source: setrlimit(2). */
export const leaveNoCoreDump = (): string | null => outcome(setLimit(RLIMIT_CORE, new Uint8Array(16)));

/** Puts the calling thread into a network of its own, in which there is nothing, not even a loopback that is up. Sockets that have a path are reached as before. Needs CAP_SYS_ADMIN. Source: unshare(2). */
export const leaveNetwork = (): string | null => outcome(unshare(CLONE_NEWNET));

function setsOf(keep: ReadonlySet<number>, held: bigint): Uint8Array {
  const sets = new Uint8Array(24);
  const view = new DataView(sets.buffer);
  for (const word of [0, 1]) {
    let bits = 0;
    for (let bit = 0; bit < WORD_BITS; bit += 1) if (keep.has(word * WORD_BITS + bit) && ((held >> BigInt(word * WORD_BITS + bit)) & 1n) === 1n) bits |= 1 << bit;
    view.setUint32(word * 12, bits >>> 0, true);
    view.setUint32(word * 12 + 4, bits >>> 0, true);
  }
  return sets;
}

/**
 * Gives up every capability but some: those that the calling thread has, and those that a program which it becomes could get.
 * `held` are those permitted now, as /proc tells them. Only the calling thread is changed, so do it before threads are started, or become another program afterwards.
 * Returns the kernel's name of the error, null where it is done. Source: capabilities(7), capset(2).
 */
export function keepCapabilities(keep: ReadonlySet<number>, held: bigint): string | null {
  for (let number = 0; number < CAPABILITIES_MAX; number += 1) {
    const bounded = control(PR_CAPBSET_READ, number, 0, 0, 0);
    if (bounded < 0) break;
    // Without the right to, the bounding set stays; what is permitted below still bounds what can be had without new privileges.
    if (bounded === 1 && !keep.has(number)) control(PR_CAPBSET_DROP, number, 0, 0, 0);
  }
  const header = new Uint8Array(8);
  new DataView(header.buffer).setUint32(0, CAPABILITY_VERSION, true);
  return outcome(setCapabilities(header, setsOf(keep, held)));
}
