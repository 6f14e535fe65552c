import { accessSync, closeSync, constants, fstatSync, openSync, realpathSync } from 'node:fs';
import { placesOn, servedByOthers } from '@mailwarden/inventory-fs';

const ROOT = 0;
const OTHERS_WRITE = 0o022;
/** Opens a part of the way as a mere place, a link as itself. Source: open(2), O_PATH; Node has no name for it. */
const PLACE = 0o10_000_000 | constants.O_NOFOLLOW;

/** Why a part of the way is not root's alone; null where it is. What a program of another account serves is not asked whose it is. */
function placeProblem(place: string): string | null {
  const fd = openSync(place, PLACE);
  try {
    if (servedByOthers(fd)) return `${place} lies in a file system that a program of another account serves`;
    const stat = fstatSync(fd);
    if (stat.uid !== ROOT) return `${place} belongs to another account than root`;
    // The mode of a link means nothing; its folder's and its target's do.
    return !stat.isSymbolicLink() && (stat.mode & OTHERS_WRITE) !== 0 ? `${place} can be written to by others than root` : null;
  } finally {
    closeSync(fd);
  }
}

function wayProblem(path: string): string | null {
  for (const place of placesOn(path)) {
    const problem = placeProblem(place);
    if (problem !== null) return problem;
  }
  return null;
}

function fileProblem(program: string, real: string): string | null {
  const fd = openSync(real, PLACE);
  try {
    if (!fstatSync(fd).isFile()) return `${program} is no program`;
  } finally {
    closeSync(fd);
  }
  accessSync(real, constants.X_OK);
  return null;
}

/**
 * Why a program may not be run in the name of the product; null when it may.
 * Safety: the file and every folder on the way, of the path as it is written and of every link that it leads over, belong to root and can be written to by nobody else: otherwise whoever can write there would be root.
 */
export function programProblem(program: string): string | null {
  try {
    return wayProblem(program) ?? fileProblem(program, realpathSync(program));
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'ENOENT' ? `${program} is not installed` : `${program} may not be run`;
  }
}
