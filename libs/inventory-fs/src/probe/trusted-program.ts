import { closeSync, constants, fstatSync, openSync, statSync } from 'node:fs';
import { isClosed } from './closed-entry.js';
import { placesOn } from './places-on.js';
import { servedByOthers } from './served-by-others.js';

/** Opens a part of the way as a mere place, a link as itself. Source: open(2), O_PATH; Node has no name for it. */
const PLACE = 0o10_000_000 | constants.O_NOFOLLOW;

function isClosedAt(part: string): boolean {
  const fd = openSync(part, PLACE);
  try {
    // The mode of a link means nothing: who may change its folder may change it, and where it leads is looked at as well.
    return !servedByOthers(fd) && (fstatSync(fd).isSymbolicLink() || isClosed(fd));
  } finally {
    closeSync(fd);
  }
}

/** Said of a program that is not there, or whose way is not. */
export const NOT_INSTALLED = 'it is not installed';

/** Which part of the way to a program somebody else than root, or the account that runs it, could change, in words; null where nobody can. Safety: what runs with our rights is nobody else's to replace. */
export function untrustedPart(program: string): string | null {
  if (!program.startsWith('/')) return 'it is no absolute path';
  try {
    // The way may lead over links; who may change a folder of any of them chooses what is run. What lies below such a folder is not asked for: its owner may serve it.
    for (const part of placesOn(program)) if (!isClosedAt(part)) return `others than root may change ${part}`;
    return statSync(program).isFile() ? null : 'it is not a regular file';
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'ENOENT' ? NOT_INSTALLED : 'it cannot be looked at';
  }
}
