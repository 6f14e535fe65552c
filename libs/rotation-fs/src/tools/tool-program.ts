import { accessSync, constants, lstatSync, realpathSync, statSync } from 'node:fs';

const ROOT = 0;
const OTHERS_WRITE = 0o022;

/** A folder, and all above it, from the top down. */
function* waysTo(path: string): Iterable<string> {
  yield '/';
  for (let at = path.indexOf('/', 1); at !== -1; at = path.indexOf('/', at + 1)) yield path.slice(0, at);
  yield path;
}

/**
 * Why a program may not be run in the name of the product; null when it may.
 * Safety: the file and every folder on the way, of the path as it is written and of where its links lead, belong to root and can be written to by nobody else: otherwise whoever can write there would be root.
 */
export function programProblem(program: string): string | null {
  try {
    const real = realpathSync(program);
    for (const place of new Set([...waysTo(program), ...waysTo(real)])) {
      const stat = lstatSync(place);
      if (stat.uid !== ROOT) return `${place} belongs to another account than root`;
      // The mode of a link means nothing; its folder's and its target's do.
      if (!stat.isSymbolicLink() && (stat.mode & OTHERS_WRITE) !== 0) return `${place} can be written to by others than root`;
    }
    if (!statSync(real).isFile()) return `${program} is no program`;
    accessSync(real, constants.X_OK);
    return null;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'ENOENT' ? `${program} is not installed` : `${program} may not be run`;
  }
}
