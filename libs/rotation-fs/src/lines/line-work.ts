import type { SkipReason } from '@mailwarden/contracts';
import type { Directory } from '@mailwarden/inventory-fs';
import type { Journal } from '../journal/journal.js';
import type { FilePlace } from '../logs/store-file.js';
import type { ApplyRequest, StepWatch } from '../rotate-request.js';
import type { LineJudge } from './line-judge.js';
import type { ChosenLines, LineRecord, StayedLines } from './line-record.js';

/** Rests for the order's own pace after so many bytes were written, or so many records left. */
export type Rest = (bytes: number, records: number) => Promise<void>;
export const NO_REST: Rest = () => Promise.resolve();

/** One file that lines leave, with what that needs. */
export interface LineWork {
  readonly request: ApplyRequest;
  readonly order: string;
  readonly journal: Journal;
  /** Its place among the chosen ones. */
  readonly number: number;
  readonly chosen: ChosenLines;
  readonly place: FilePlace;
  readonly directory: Directory;
  readonly watch: StepWatch;
  readonly rest: Rest;
  /** Asked before anything is begun in a run that goes on; null in the one that chose. */
  readonly judge: LineJudge | null;
}

/** What left of a file. */
export interface LinesGone {
  readonly records: number;
  readonly bytes: number;
  readonly note: string;
  readonly stayed?: StayedLines;
}

export const untouched = (note: string): LinesGone => ({ records: 0, bytes: 0, note });
export const kept = (reason: SkipReason, records: number): LinesGone => ({ ...untouched(''), stayed: { reason, records } });
export const NOT_THAT_FILE = 'a file was replaced or rewritten by somebody else meanwhile, and was left to them';

type OfKind<K extends LineRecord['kind']> = Extract<LineRecord, { kind: K; file: number }>;

/** What an order wrote about one file, of one kind. */
export function recordsAbout<K extends OfKind<LineRecord['kind']>['kind']>({ journal, number }: Pick<LineWork, 'journal' | 'number'>, kind: K): OfKind<K>[] {
  return journal.records.filter((record): record is OfKind<K> & typeof record => record.kind === kind && 'file' in record && record.file === number);
}

export const NOT_KNOWN = 'a file was changed or carried away by somebody else while lines left it: it is not known whether the last of them left';

/** Whether lines of a file are announced to leave, and not told as gone: they may be either. */
function isCutOpen(work: Pick<LineWork, 'journal' | 'number'>): boolean {
  if (recordsAbout(work, 'lines-swapping').length > 0) return true;
  const cut = new Set(recordsAbout(work, 'lines-cut').map(({ stretch }) => stretch));
  return (['lines-blanking', 'lines-cutting'] as const).some((kind) => recordsAbout(work, kind).some(({ stretch }) => !cut.has(stretch)));
}

/** What left a file in place, and what stayed of what was to leave, as the journal tells it. */
export function accountOf(work: Pick<LineWork, 'journal' | 'number' | 'chosen'>, note: string): LinesGone {
  const [cut, staying] = [recordsAbout(work, 'lines-cut'), recordsAbout(work, 'lines-staying')];
  const gone = { records: cut.reduce((sum, { records }) => sum + records, 0), bytes: cut.reduce((sum, { bytes }) => sum + bytes, 0), note };
  const [first] = staying;
  return first === undefined ? gone : { ...kept(first.reason, staying.reduce((sum, { stretch }) => sum + (work.chosen.stretches[stretch]?.records ?? 0), 0)), ...gone };
}

/** The account of a file that is not there any more as it was planned: what left it before is told all the same. */
export const leftToOthers = (work: Pick<LineWork, 'journal' | 'number' | 'chosen'>): LinesGone => accountOf(work, isCutOpen(work) ? NOT_KNOWN : NOT_THAT_FILE);
