import { lineDiff, type DiffLine } from '@mailwarden/kernel';
import { printable, type Style } from './terminal.js';

/** Unchanged lines that are shown around a change. */
const CONTEXT = 3;
const MARKS = { same: ' ', gone: '-', new: '+' } as const;

/** Which lines are near enough to a change to be shown. */
function nearAChange(lines: readonly DiffLine[]): boolean[] {
  const changed = lines.flatMap(({ kind }, index) => (kind === 'same' ? [] : [index]));
  const near = lines.map(() => false);
  for (const index of changed) near.fill(true, Math.max(0, index - CONTEXT), Math.min(lines.length, index + CONTEXT + 1));
  return near;
}

/** `@@ -3,4 +3,5 @@`: where a run of shown lines lies in both texts. */
function headOf(run: readonly DiffLine[], oldLine: number, newLine: number): string {
  const [old, fresh] = [run.filter(({ kind }) => kind !== 'new').length, run.filter(({ kind }) => kind !== 'gone').length];
  return `@@ -${old === 0 ? 0 : oldLine},${old} +${fresh === 0 ? 0 : newLine},${fresh} @@`;
}

/** Two texts compared, in the unified form that `patch` and people read. Empty when they are the same. */
export function diffText(before: string, after: string, names: { readonly before: string; readonly after: string }, style: Style): string[] {
  const lines = lineDiff(before, after);
  const near = nearAChange(lines);
  const told: string[] = [];
  let run: DiffLine[] = [];
  let [oldLine, newLine] = [1, 1];
  let [oldStart, newStart] = [1, 1];
  const close = (): void => {
    if (run.length > 0) told.push(style.dim(headOf(run, oldStart, newStart)), ...run.map(({ kind, text }) => painted(kind, text, style)));
    run = [];
  };
  for (const [index, line] of lines.entries()) {
    if (near[index] === true) {
      if (run.length === 0) [oldStart, newStart] = [oldLine, newLine];
      run.push(line);
    } else close();
    if (line.kind !== 'new') oldLine += 1;
    if (line.kind !== 'gone') newLine += 1;
  }
  close();
  return told.length === 0 ? [] : [style.bold(`--- ${printable(names.before)}`), style.bold(`+++ ${printable(names.after)}`), ...told];
}

function painted(kind: DiffLine['kind'], text: string, style: Style): string {
  const line = `${MARKS[kind]}${printable(text)}`;
  return kind === 'gone' ? style.red(line) : kind === 'new' ? style.green(line) : line;
}
