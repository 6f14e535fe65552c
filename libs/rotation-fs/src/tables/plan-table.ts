import { keyedHash } from '@mailwarden/kernel';
import type { OldestRecords, RecordTrimmer, TrimChoice, TrimFacts } from '@mailwarden/product-database';
import { boundPassed, clockDoubt, concernsStore, excessOf, watermarkProblem, type BegunOrder, type Goal } from '@mailwarden/rotation';
import type { SkipReason } from '@mailwarden/contracts';
import type { Outcome } from '../outcome.js';
import type { RotateRequest } from '../rotate-request.js';
import { heldSpans } from './held-spans.js';
import { CHOSEN_MAX } from './trim-oldest.js';

/** How many of the oldest rows would go, and what they are. */
export interface TablePlan {
  readonly before: { readonly items: number; readonly bytes: number };
  readonly planned: Outcome['planned'];
  /** The rows that go first; more of them are looked for when these are gone. */
  readonly keys: readonly string[];
  /** What may go: no row that is held, too young, among the newest, not marked, or newer than the newest planned one. */
  readonly choice: TrimChoice;
  readonly goal: Goal;
  readonly stopped: string | null;
  /** Rows that the limits ask for and that may not go. */
  readonly skipped: ReadonlyMap<SkipReason, number>;
  readonly staysOver: boolean;
  readonly notes: readonly string[];
}

type Keeper = { readonly reason: 'in-quiet-period' | 'kept-newest' | 'in-grace'; readonly beforeMs: number };

/** A row's moment may be finer than a millisecond. Units: milliseconds. */
const WITHIN_MS = 1;
/** Rows that lie in no free pages: only these count against a limit of bytes, since what earlier deletions left free is no data. */
const STORED = 'the rows themselves take up less than that: what the files hold beyond them is free for new rows';

/** The earliest moment from which on rows stay, and why. */
async function keeperOf(trimmer: RecordTrimmer, request: RotateRequest, dated: number, nowMs: number): Promise<Keeper> {
  const keepers: Keeper[] = [{ reason: 'in-quiet-period', beforeMs: nowMs - request.keep.youngerThanSeconds * 1000 }];
  if (request.keep.newest > 0) {
    const newestFrom = request.keep.newest >= dated ? null : await trimmer.momentAt(dated - request.keep.newest);
    keepers.push({ reason: 'kept-newest', beforeMs: newestFrom ?? -Infinity });
  }
  if (request.marked !== null) keepers.push({ reason: 'in-grace', beforeMs: request.marked.newestMs === null ? -Infinity : request.marked.newestMs + WITHIN_MS });
  return keepers.reduce((first, keeper) => (keeper.beforeMs < first.beforeMs ? keeper : first));
}

const millisecondsOf = (text: string | null): number | null => (text === null ? null : Date.parse(text));

/** Rows that are held although a limit asks for them, and those that another rule keeps. */
async function keptRows(trimmer: RecordTrimmer, choice: TrimChoice, found: { readonly items: number; readonly newestMs: number | null }, short: number, keeper: Keeper): Promise<Map<SkipReason, number>> {
  const kept = new Map<SkipReason, number>();
  if (choice.held.length > 0) {
    const upTo = short > 0 || found.newestMs === null ? choice.beforeMs : Math.min(choice.beforeMs, found.newestMs + WITHIN_MS);
    const held = (await trimmer.count({ beforeMs: upTo, held: [] })) - (await trimmer.count({ beforeMs: upTo, held: choice.held }));
    if (held > 0) kept.set('held', short > 0 ? Math.min(held, short) : held);
  }
  const rest = short - (kept.get('held') ?? 0);
  if (rest > 0) kept.set(keeper.reason, rest);
  return kept;
}

/** Plans of no more than is known by its keys at a time look for these at once, which saves to look for them again. */
async function oldestOf(trimmer: RecordTrimmer, choice: TrimChoice, itemsMax: number): Promise<OldestRecords & { readonly keys: readonly string[] }> {
  if (itemsMax > CHOSEN_MAX) return { ...(await trimmer.oldest(choice, itemsMax)), keys: [] };
  if (itemsMax <= 0) return { items: 0, oldestMs: null, newestMs: null, keys: [] };
  const chosen = await trimmer.choose(choice, itemsMax, new Set());
  return { items: chosen.keys.length, ...chosen };
}

/** Looks and decides; touches nothing. An order that was begun goes on with what it had planned. */
export async function planTable(trimmer: RecordTrimmer, request: RotateRequest, begun?: BegunOrder): Promise<TablePlan> {
  const nowMs = request.now();
  const facts = await trimmer.facts();
  const before = { items: facts.records, bytes: facts.bytes.known ? facts.bytes.value : (facts.bytesInUse ?? 0) };
  const inUse = facts.bytesInUse ?? before.bytes;
  const bytesPerRow = facts.records === 0 ? 0 : inUse / facts.records;
  const holding = { items: facts.records, bytes: inUse, oldestMs: millisecondsOf(facts.oldestAt) };
  const excess = excessOf(holding, request.watermarks, nowMs, begun ?? null);
  const items = Math.ceil(Math.max(excess.items, bytesPerRow === 0 ? 0 : excess.bytes / bytesPerRow));
  const keeper = await keeperOf(trimmer, request, facts.dated, nowMs);
  const notAfterMs = begun === undefined ? Infinity : (begun.newestMs ?? -Infinity) + WITHIN_MS;
  const mayGo: TrimChoice = { beforeMs: Math.min(keeper.beforeMs, notAfterMs), held: heldSpans(request.holds.filter((hold) => concernsStore(hold, request.profile.id, request.store.id))) };
  const asked = excess.kinds.length > 0;
  const aged = !asked || excess.olderThanMs === null ? 0 : await trimmer.count({ beforeMs: excess.olderThanMs, held: [] });
  const agedMayGo = aged === 0 || excess.olderThanMs === null ? 0 : await trimmer.count({ ...mayGo, beforeMs: Math.min(mayGo.beforeMs, excess.olderThanMs) });
  const { keys, ...found } = await oldestOf(trimmer, mayGo, Math.min(begun?.itemsLeft ?? Infinity, Math.max(agedMayGo, items)));
  const short = begun === undefined ? Math.max(aged, items, found.items) - found.items : 0;
  const digest = keyedHash(request.hashKey, `${request.store.id}\0${found.items}\0${found.oldestMs ?? ''}\0${found.newestMs ?? ''}`);
  const planned = { items: found.items, bytes: Math.round(bytesPerRow * found.items), oldestMs: found.oldestMs, newestMs: found.newestMs, digest };
  const choice = { ...mayGo, beforeMs: Math.min(mayGo.beforeMs, (found.newestMs ?? -Infinity) + WITHIN_MS) };
  return {
    before,
    planned,
    keys,
    choice,
    goal: { kinds: excess.kinds, olderThanMs: excess.olderThanMs },
    stopped: problemOf(request, facts, excess.olderThanMs === null ? null : nowMs) ?? boundPassed(planned, before, request.bounds, begun?.deleted),
    skipped: asked ? await keptRows(trimmer, mayGo, found, short, keeper) : new Map(),
    staysOver: short > 0,
    notes: notesOf(request, before.bytes, inUse),
  };
}

/** Why nothing may go at all, whatever the plan is; `nowMs` is null where no age asks. */
function problemOf(request: RotateRequest, facts: TrimFacts, nowMs: number | null): string | null {
  const doubt = nowMs === null ? null : clockDoubt({ nowMs, issuedAtMs: request.issuedAtMs, newestMs: millisecondsOf(facts.newestAt) });
  const unsized = request.watermarks.some(({ kind }) => kind === 'bytes') && !facts.bytes.known ? `what the table takes up is not known: ${facts.bytes.reason}` : null;
  return watermarkProblem(request.watermarks) ?? unsized ?? doubt;
}

function notesOf(request: RotateRequest, bytes: number, inUse: number): string[] {
  const limit = request.watermarks.find(({ kind }) => kind === 'bytes')?.limit ?? Infinity;
  return bytes > limit && inUse <= limit ? [`the table takes up ${bytes} bytes; ${STORED}`] : [];
}
