import { join } from 'node:path';
import type { RunningServer, Shown, Ended } from './running-server.ts';

const WORKSPACE = join(import.meta.dirname, '../..');
const INSIDE = '/opt/mailwarden';
const NODE_INSIDE = '/opt/node';
/** A scan of such a server takes seconds; the first one compiles the sources too. Units: milliseconds. */
const COMMAND_MS_MAX = 180_000;

/** The product as a server has to see it: this workspace, and the Node that runs this. */
export const SHOWN_PRODUCT: readonly Shown[] = [
  { from: WORKSPACE, at: INSIDE },
  { from: process.execPath, at: NODE_INSIDE },
];

/** Runs `mailwarden` inside a server that was started with `SHOWN_PRODUCT`, from source, so that no build is needed and none is stale. */
export function mailwardenInside(server: RunningServer, args: readonly string[]): Promise<Ended> {
  return server.run([NODE_INSIDE, '--disable-warning=ExperimentalWarning', '--conditions=@mailwarden/source', `--import=${INSIDE}/scripts/from-source.mjs`, `${INSIDE}/apps/cli/src/main.ts`, ...args], { limitMs: COMMAND_MS_MAX });
}
