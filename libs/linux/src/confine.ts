import { readFileSync } from 'node:fs';
import { forbidNewPrivileges, keepCapabilities, leaveNetwork, leaveNoCoreDump } from './confinement.js';

const MARKER = 'MAILWARDEN_CONFINED';
const SUPER_USER = 0;

/** What a program may keep. */
export interface Confinement {
  readonly capabilities: ReadonlySet<number>;
  /** Where its settings lie: the only variable of its environment that it takes along. */
  readonly settings: { readonly variable: string; readonly file: string };
  /** True where it is to have no network at all. */
  readonly withoutNetwork: boolean;
}

/** Rights of the calling thread, as the kernel tells them. Source: proc_pid_status(5). */
function heldRights(): { readonly permitted: bigint; readonly gainsNothing: boolean } {
  const status = readFileSync('/proc/thread-self/status', 'latin1');
  return { permitted: BigInt(`0x${/^CapPrm:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? 'f'.repeat(16)}`), gainsNothing: /^NoNewPrivs:\s*1$/m.test(status) };
}

const isWithin = (permitted: bigint, kept: ReadonlySet<number>): boolean => (permitted & ~[...kept].reduce((sum, bit) => sum | (1n << BigInt(bit)), 0n)) === 0n;

/**
 * Gives up what a program never needs, and becomes the same program anew, so that each of its threads has given it up. Returns when that was done before, by itself or by systemd.
 * Gone then: all capabilities but those kept, ways to new ones, core dumps, the environment, and the network where that is asked for.
 * Loads next to nothing, since it is done twice. Errors: throws when the kernel does not let go of a right; then nothing may be acted on.
 */
export function confine({ capabilities, settings, withoutNetwork }: Confinement): void {
  process.umask(0o077);
  process.chdir('/');
  const { permitted, gainsNothing } = heldRights();
  if (gainsNothing && isWithin(permitted, capabilities)) return void leaveNoCoreDump();
  if (process.env[MARKER] !== undefined) throw new Error('the kernel did not let go of rights that are not needed here');
  // A kernel or a container may refuse a network of its own: that is the unit's wall first, and this one's second.
  if (withoutNetwork && process.geteuid?.() === SUPER_USER) leaveNetwork();
  for (const failed of [leaveNoCoreDump(), keepCapabilities(capabilities, permitted), forbidNewPrivileges()]) if (failed !== null) throw new Error(`rights that are not needed here could not be given up (${failed})`);
  if (process.execve === undefined) throw new Error('this Node cannot become itself anew; run Node 24');
  process.execve(process.execPath, [process.execPath, ...process.execArgv, process.argv[1] ?? '', ...process.argv.slice(2)], { [settings.variable]: settings.file, [MARKER]: '1' });
}
