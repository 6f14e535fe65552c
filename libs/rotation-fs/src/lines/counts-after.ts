import type { Journal } from '../journal/journal.js';
import { countKey, type KnownCounts, type LinePlan, type PlannedLines } from './plan-lines.js';

/** How far the lines behind a cut moved up; null where the file was not simply cut at its head. */
function movedUp(journal: Journal, number: number, { stretches }: PlannedLines): number | null {
  const cuts = journal.records.filter((record) => record.kind === 'lines-cutting' && record.file === number);
  const done = journal.records.find((record) => record.kind === 'lines-done' && record.file === number);
  const [cut] = cuts;
  const isSimple = cuts.length === 1 && stretches.length === 1 && stretches[0]?.start === 0 && done?.kind === 'lines-done' && done.note === '' && done.records > 0;
  return isSimple && cut?.kind === 'lines-cutting' ? cut.cut.end - cut.cut.start : null;
}

/** What is known of the files of a store once the chosen lines left: of those that were left alone, and of those that were cut at their head. All others are read again. */
export function countsAfter(plan: LinePlan, journal: Journal): KnownCounts {
  const known = new Map<string, { readonly until: number; readonly records: number }>();
  for (const { file, packing, until, records } of plan.counted) {
    const number = plan.files.findIndex((planned) => planned.file === file);
    const planned = plan.files[number];
    const up = planned === undefined ? 0 : movedUp(journal, number, planned);
    if (packing === 'plain' && up !== null) known.set(countKey(file), { until: until - up, records: records - (planned?.records ?? 0) });
  }
  return known;
}
