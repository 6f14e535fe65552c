/** Globs of glob(3), matched over bytes in time that is bounded by the product of both lengths: no pattern can keep it busy for longer. */

interface Atom {
  /** Null stands for `*`. */
  readonly takes: ((character: string) => boolean) | null;
}

/** Longest glob and longest set that are read; a name on disk has 255 bytes at most. Units: characters. */
const GLOB_MAX = 4_096;

function setFrom(glob: string, start: number): { readonly takes: (character: string) => boolean; readonly end: number } | null {
  const negated = glob[start + 1] === '!' || glob[start + 1] === '^';
  const first = start + (negated ? 2 : 1);
  const end = glob.indexOf(']', first + 1); // A bracket that stands first is one of the set.
  if (end === -1) return null;
  const ranges: (readonly [string, string])[] = [];
  for (let index = first; index < end; index += 1) {
    const low = glob.charAt(index);
    const isRange = glob[index + 1] === '-' && index + 2 < end;
    ranges.push([low, isRange ? glob.charAt(index + 2) : low]);
    if (isRange) index += 2;
  }
  return { takes: (character) => ranges.some(([low, high]) => character >= low && character <= high) !== negated, end };
}

function atomsOf(glob: string): Atom[] {
  const atoms: Atom[] = [];
  for (let index = 0; index < Math.min(glob.length, GLOB_MAX); index += 1) {
    const character = glob.charAt(index);
    const set = character === '[' ? setFrom(glob, index) : null;
    if (character === '*') atoms.push({ takes: null });
    else if (character === '?') atoms.push({ takes: () => true });
    else if (set !== null) {
      atoms.push({ takes: set.takes });
      index = set.end;
    } else {
      const literal = character === '\\' && index + 1 < glob.length ? glob.charAt((index += 1)) : character;
      atoms.push({ takes: (other) => other === literal });
    }
  }
  return atoms;
}

/** One component of a path against one of a glob. On a mismatch only the last `*` takes one more, which is enough. */
export function matchesName(glob: string, name: string): boolean {
  if (glob.length > GLOB_MAX) return false;
  const atoms = atomsOf(glob);
  let [atom, index, star, resume] = [0, 0, -1, 0];
  while (index < name.length) {
    const takes = atoms[atom]?.takes;
    if (takes === null) {
      star = atom;
      resume = index;
      atom += 1;
    } else if (takes?.(name.charAt(index)) === true) {
      atom += 1;
      index += 1;
    } else if (star !== -1) {
      atom = star + 1;
      resume += 1;
      index = resume;
    } else return false;
  }
  return atoms.slice(atom).every(({ takes }) => takes === null);
}

/** True for a text that glob(3) would look up rather than take as it is. */
export const isGlob = (text: string): boolean => text.includes('*') || text.includes('?') || text.includes('[');

/** A glob's component against a folder's entry: a leading dot is only taken by a dot. */
export const matchesEntry = (glob: string, name: string): boolean => (!name.startsWith('.') || glob.startsWith('.')) && matchesName(glob, name);

/** An absolute path against an absolute glob, component by component. */
export function matchesPath(glob: string, path: string): boolean {
  const [globs, names] = [glob.split('/'), path.split('/')];
  return globs.length === names.length && globs.every((part, index) => matchesEntry(part, names[index] ?? ''));
}
