import { release } from 'node:os';
import type { ItemTool, ProductTool, RuleTool } from '@mailwarden/catalogue';
import type { Receipt, SkipReason } from '@mailwarden/contracts';
import { readHostFile, type Host } from '@mailwarden/inventory-fs';
import { err, ok, type Result } from '@mailwarden/kernel';
import { deletedBefore } from '../files/rotate-files.js';
import type { Journal, JournalRecord, ToolItem } from '../journal/journal.js';
import type { Deleted, Outcome } from '../outcome.js';
import type { ApplyRequest } from '../rotate-request.js';
import type { ToolAnswer } from './run-tool.js';
import { programProblem } from './tool-program.js';
import { contradiction, toldBy } from './tool-report.js';

const NOTES_MAX = 10;

/** What carrying out an order by a tool needs, and what it gathers. */
export interface ToolWork<T extends ProductTool = ProductTool> {
  readonly request: ApplyRequest;
  readonly journal: Journal;
  readonly tool: T;
  readonly account: ToolAccount | null;
  readonly deleted: Deleted;
  readonly notes: Set<string>;
  readonly tally: ToolTally;
}

/** What several runs come to together. */
export interface ToolTally {
  /** Items that left their place and were not deleted. */
  elsewhere: number;
  /** What the tool itself told of, and what was measured of the runs in which it did. */
  told: number;
  measured: number;
}

export interface ToolAccount {
  readonly uid: number;
  readonly gid: number;
}

const commandsOf = (tool: ItemTool | RuleTool): readonly (readonly string[])[] => (tool.by === 'item' ? [tool.command, tool.then] : [tool.bytes, tool.age]).filter((command) => command !== null);

/** Programs that a tool may run. */
const programsOf = (tool: ProductTool): string[] => [...new Set(commandsOf(tool).map((command) => command[0] ?? ''))];

/** Why a tool cannot be run here; null when it can. */
export function toolProblem(host: Host, tool: ProductTool): string | null {
  if (host.rootPath !== '/') return 'a product\'s own tool is run on the host itself alone';
  return programsOf(tool).map(programProblem).find((problem) => problem !== null) ?? null;
}

/** The account that a tool runs as. Errors: why that cannot be. */
export function accountFor(host: Host, tool: ProductTool): Result<ToolAccount | null, string> {
  if (tool.account === null) return ok(null);
  const passwd = readHostFile(host, '/etc/passwd');
  const fields = passwd.ok ? passwd.value.bytes.toString('latin1').split('\n').map((line) => line.split(':')).find(([name]) => name === tool.account) : undefined;
  const [uid, gid] = [Number(fields?.[2] ?? Number.NaN), Number(fields?.[3] ?? Number.NaN)];
  return Number.isInteger(uid) && Number.isInteger(gid) ? ok({ uid, gid }) : err(`there is no account ${tool.account} to run the tool as`);
}

export const skip = (deleted: Deleted, reason: SkipReason, items = 1): void => void (items > 0 && deleted.skipped.set(reason, (deleted.skipped.get(reason) ?? 0) + items));

export type ToolIntent = Extract<JournalRecord, { kind: 'tool-intent' }>;

/** A run of a tool that a crash left open. */
export function openRun(records: readonly JournalRecord[]): ToolIntent | null {
  const last = records.findLast((record) => record.kind === 'tool-intent' || record.kind === 'deleted');
  return last?.kind === 'tool-intent' ? last : null;
}

export const deletedSoFar = (journal: Journal): Deleted => deletedBefore(journal.records);

/** Closes a run with what was measured. */
export function closeRun(work: ToolWork, gone: readonly ToolItem[]): void {
  const bytes = gone.reduce((sum, item) => sum + item.bytes, 0);
  work.journal.write({ kind: 'deleted', items: gone.length, bytes });
  work.deleted.items += gone.length;
  work.deleted.bytes += bytes;
}

export const factsOf = (tool: ProductTool): NonNullable<Receipt['facts']> => ({ kernel: release(), fileSystems: [], tool: programsOf(tool)[0] ?? null });

/** Adds what a run told of itself to what was measured of it. */
export function compare(work: ToolWork, answer: Result<ToolAnswer, string>, measured: { readonly items: number; readonly bytes: number }): void {
  const told = answer.ok ? toldBy(answer.value.output, work.tool.report) : null;
  if (told === null) return;
  work.tally.told += told.amount;
  work.tally.measured += measured[told.of];
}

/** What a reader of the account must know. */
export function notesOf({ notes, tally, tool }: ToolWork): string[] {
  const { elsewhere } = tally;
  const away = elsewhere > 0 ? [`${elsewhere} items left their place and were not deleted: the product keeps them under another name or in another folder`] : [];
  return [...notes, ...away, ...contradiction(programsOf(tool)[0] ?? '', tool.report, tally)].slice(0, NOTES_MAX);
}

/** How an order by a tool is told. */
export function toldOf(work: ToolWork, outcome: Outcome['outcome'], reason: string, planned: Pick<Outcome, 'before' | 'planned'>, resumed: boolean): Outcome {
  const first = work.journal.begun ?? planned;
  return { outcome, reason, before: first.before, planned: first.planned, deleted: work.deleted, resumed, notes: notesOf(work), facts: factsOf(work.tool) };
}
