import { readFileSync } from 'node:fs';
import { CAPABILITIES, forbidNewPrivileges, keepCapabilities, leaveNetwork, leaveNoCoreDump } from '@mailwarden/linux';

/**
 * What deletion needs of the super-user's rights, and no more: to pass over the rights of a store's folders; to give back owner and mode of what it puts back;
 * to see which files are open in other processes; to signal a logger; and to become a product's own account for its own tools.
 */
const KEPT: ReadonlySet<number> = new Set(Object.values(CAPABILITIES));
const MARKER = 'MAILWARDEN_EXECUTOR_CONFINED';
const SUPER_USER = 0;

/** Rights of the calling thread, as the kernel tells them. Source: proc_pid_status(5). */
function heldRights(): { readonly permitted: bigint; readonly gainsNothing: boolean } {
  const status = readFileSync('/proc/thread-self/status', 'latin1');
  return { permitted: BigInt(`0x${/^CapPrm:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? 'f'.repeat(16)}`), gainsNothing: /^NoNewPrivs:\s*1$/m.test(status) };
}

const isWithin = (permitted: bigint): boolean => (permitted & ~[...KEPT].reduce((sum, bit) => sum | (1n << BigInt(bit)), 0n)) === 0n;

/** Whether its settings say that it needs no network. They are checked when they are acted on: to read them here can only take a right away. */
function needsNoNetwork(settingsFile: string): boolean {
  try {
    return (JSON.parse(readFileSync(settingsFile, 'utf8')) as { network?: unknown }).network === 'none';
  } catch {
    return false;
  }
}

/**
 * Gives up what the executor never needs, and becomes the same program anew, so that each of its threads has given it up. Returns when that was done before, by itself or by systemd.
 * Gone then: all capabilities but those that deletion needs, ways to new ones, core dumps, the environment, and the network where its settings say so.
 * Loads next to nothing, since it is done twice. Errors: throws when the kernel does not let go of a right; then no order is looked at.
 */
export function confine(settings: { readonly variable: string; readonly file: string }): void {
  process.umask(0o077);
  process.chdir('/');
  const { permitted, gainsNothing } = heldRights();
  if (gainsNothing && isWithin(permitted)) return void leaveNoCoreDump();
  if (process.env[MARKER] !== undefined) throw new Error('the kernel did not let go of rights that no order needs');
  // A kernel or a container may refuse a network of its own: that is the unit's wall first, and this one's second.
  if (process.geteuid?.() === SUPER_USER && needsNoNetwork(settings.file)) leaveNetwork();
  for (const failed of [leaveNoCoreDump(), keepCapabilities(KEPT, permitted), forbidNewPrivileges()]) if (failed !== null) throw new Error(`rights that no order needs could not be given up (${failed})`);
  process.execve?.(process.execPath, [process.execPath, ...process.execArgv, process.argv[1] ?? ''], { [settings.variable]: settings.file, [MARKER]: '1' });
}
