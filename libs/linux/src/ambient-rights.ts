import { C_LIBRARY, errorName, lastError } from './c-library.js';

const control = C_LIBRARY.func('int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)') as (option: number, a: number, b: number, c: number, d: number) => number;

/** Source: linux/prctl.h. */
const PR_CAP_AMBIENT = 47;
const IS_SET = 1;
const RAISE = 2;
const CLEAR_ALL = 4;
/** More than any kernel has; the first that it does not know ends the list. */
const CAPABILITIES_MAX = 64;

function ambientCapabilities(): number[] {
  const held: number[] = [];
  for (let number = 0; number < CAPABILITIES_MAX; number += 1) {
    const answer = control(PR_CAP_AMBIENT, IS_SET, number, 0, 0);
    if (answer < 0) break;
    if (answer === 1) held.push(number);
  }
  return held;
}

function takeBack(capabilities: readonly number[]): void {
  for (const number of capabilities) if (control(PR_CAP_AMBIENT, RAISE, number, 0, 0) !== 0) throw new Error(`a capability could not be taken back (${errorName(lastError())})`);
}

/**
 * Starts a program by `begin`, without the capabilities that this thread would hand down to it; the thread itself has them before and after.
 * A unit gives the agent its right to read all that way, and every program that it starts would have it too. The super-user hands down his own by being it: that is not changed here.
 * Safety: `begin` is not called where the kernel does not let go. Source: capabilities(7), PR_CAP_AMBIENT(2const).
 * Errors: throws where they cannot be given up, or taken back.
 */
export function withoutAmbientRights<T>(begin: () => T): T {
  const held = ambientCapabilities();
  if (held.length === 0) return begin();
  if (control(PR_CAP_AMBIENT, CLEAR_ALL, 0, 0, 0) !== 0) throw new Error(`capabilities that a program is not to have could not be kept from it (${errorName(lastError())})`);
  try {
    return begin();
  } finally {
    takeBack(held);
  }
}
