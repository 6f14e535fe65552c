/** One line of a comparison: in both texts, only before, or only after. */
export interface DiffLine {
  readonly kind: 'same' | 'gone' | 'new';
  readonly text: string;
}

/** Texts of more lines than this are compared as two blocks: the table of the comparison grows with their product. */
const LINES_MAX = 2_000;

const linesOf = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));

/** Lengths of the longest common rest of both, from each pair of lines on. */
function commonRests(before: readonly string[], after: readonly string[]): Uint16Array[] {
  const rests = Array.from({ length: before.length + 1 }, () => new Uint16Array(after.length + 1));
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      const [row, below] = [rests[i], rests[i + 1]];
      if (row !== undefined && below !== undefined) row[j] = before[i] === after[j] ? (below[j + 1] ?? 0) + 1 : Math.max(below[j] ?? 0, row[j + 1] ?? 0);
    }
  }
  return rests;
}

/** How two texts differ, line by line: the fewest lines that must go and come, what goes before what comes. */
export function lineDiff(before: string, after: string): DiffLine[] {
  const [old, fresh] = [linesOf(before), linesOf(after)];
  const gone = (text: string): DiffLine => ({ kind: 'gone', text });
  const added = (text: string): DiffLine => ({ kind: 'new', text });
  if (old.length > LINES_MAX || fresh.length > LINES_MAX) return [...old.map(gone), ...fresh.map(added)];
  const rests = commonRests(old, fresh);
  const told: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < fresh.length) {
    const [here, there] = [old[i], fresh[j]];
    if (here !== undefined && here === there) {
      told.push({ kind: 'same', text: here });
      [i, j] = [i + 1, j + 1];
    } else if (here !== undefined && (there === undefined || (rests[i + 1]?.[j] ?? 0) >= (rests[i]?.[j + 1] ?? 0))) {
      told.push(gone(here));
      i += 1;
    } else {
      told.push(added(there ?? ''));
      j += 1;
    }
  }
  return told;
}
