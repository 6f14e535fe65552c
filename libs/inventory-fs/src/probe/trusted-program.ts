import { closeSync, openSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { isClosed } from './closed-entry.js';

/** Opens a part of the way as a mere place, where its links lead. Source: open(2), O_PATH; Node has no name for it. */
const PLACE = 0o10_000_000;

/** A path and all above it, from the top down: what lies below a part that is not trusted is not asked for. */
function* waysTo(path: string): Iterable<string> {
  yield '/';
  for (let at = path.indexOf('/', 1); at !== -1; at = path.indexOf('/', at + 1)) yield path.slice(0, at);
  yield path;
}

function isClosedAt(part: string): boolean {
  const fd = openSync(part, PLACE);
  try {
    return isClosed(fd);
  } finally {
    closeSync(fd);
  }
}

const openPart = (path: string): string | undefined => [...waysTo(path)].find((part) => !isClosedAt(part));

/** Which part of the way to a program somebody else than root, or the account that runs it, could change, in words; null where nobody can. Safety: what runs with our rights is nobody else's to replace. */
export function untrustedPart(program: string): string | null {
  if (!program.startsWith('/')) return 'it is no absolute path';
  try {
    // The way as it is written may lead over links; who may change one of their folders chooses what is run. It comes first: where nobody serves a part of it, its end can be asked for.
    const part = openPart(dirname(program)) ?? openPart(realpathSync(program));
    if (part !== undefined) return `others than root may change ${part}`;
    return statSync(program).isFile() ? null : 'it is not a regular file';
  } catch {
    return `${program} is not there`;
  }
}
