import type { BytePath } from '@mailwarden/inventory';
import type { Journal } from '../journal/journal.js';
import type { ApplyRequest, StepWatch } from '../rotate-request.js';
import type { AsideResult, ChosenLog, LogRecord } from './log-record.js';
import type { FileIdentity, FilePlace } from './store-file.js';

/** One log that is being set aside, with what that needs. */
export interface LogWork {
  readonly request: ApplyRequest;
  readonly journal: Journal;
  /** Its place among the chosen ones. */
  readonly number: number;
  readonly place: FilePlace;
  readonly identity: FileIdentity;
  /** Names that it may get, the first that is free. */
  readonly names: readonly BytePath[];
  readonly watch: StepWatch;
  /** A hold means something that was written into it until now: holds may have come since the log was chosen, and then nothing is begun. */
  readonly isHeld: boolean;
}

export interface AsideOutcome {
  readonly result: AsideResult;
  /** Empty where there is nothing to be told. */
  readonly note: string;
}

export const stayed = (note: string): AsideOutcome => ({ result: 'stayed', note });
export const HELD = 'a hold means what stands in the log: it stays where it is';

const text = (bytes: BytePath): string => Buffer.from(bytes, 'latin1').toString('base64');
const bytesOf = (base64: string): BytePath => Buffer.from(base64, 'base64').toString('latin1');

export const chosenFrom = ({ root, folder, name, dev, ino, bornMs, size }: FilePlace & FileIdentity & { readonly size: number }): ChosenLog => ({ root: text(root), folder: text(folder), name: text(name), dev, ino, bornMs, size });
export const placeOfChosen = ({ root, folder, name, dev, ino, bornMs }: ChosenLog): FilePlace & FileIdentity => ({ root: bytesOf(root), folder: bytesOf(folder), name: bytesOf(name), dev, ino, bornMs });
export const namedAs = text;
export const nameFrom = bytesOf;

type OfKind<K extends LogRecord['kind']> = Extract<LogRecord, { kind: K; log: number }>;

/** The last record of a kind that an order wrote about one log. */
export function lastRecord<K extends OfKind<LogRecord['kind']>['kind']>({ journal, number }: Pick<LogWork, 'journal' | 'number'>, kind: K): OfKind<K> | undefined {
  return journal.records.findLast((record): record is OfKind<K> & typeof record => record.kind === kind && 'log' in record && record.log === number);
}
