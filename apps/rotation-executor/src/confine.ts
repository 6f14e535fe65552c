import { readFileSync } from 'node:fs';
import { CAPABILITIES, confine } from '@mailwarden/linux';
import { EXECUTOR_SETTINGS_VARIABLE } from './settings-variable.js';

/**
 * What deletion needs of the super-user's rights, and no more: to pass over the rights of a store's folders; to give back owner and mode of what it puts back;
 * to see which files are open in other processes; to signal a logger; and to become a product's own account for its own tools.
 */
const { chown, dacOverride, dacReadSearch, fowner, kill, setgid, setuid, sysPtrace } = CAPABILITIES;
const KEPT: ReadonlySet<number> = new Set([chown, dacOverride, dacReadSearch, fowner, kill, setgid, setuid, sysPtrace]);

/** Whether its settings say that it needs no network. They are checked when they are acted on: to read them here can only take a right away. */
function needsNoNetwork(settingsFile: string): boolean {
  try {
    return (JSON.parse(readFileSync(settingsFile, 'utf8')) as { network?: unknown }).network === 'none';
  } catch {
    return false;
  }
}

/** Gives up what no order needs. Errors: throws when the kernel does not let go of a right; then no order is looked at. */
export const confineExecutor = (file: string): void => confine({ capabilities: KEPT, settings: { variable: EXECUTOR_SETTINGS_VARIABLE, file }, withoutNetwork: needsNoNetwork(file) });
