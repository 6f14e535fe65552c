import { performance } from 'node:perf_hooks';
import { filesEngine } from '../files/files-engine.js';
import type { Journal } from '../journal/journal.js';
import { NOTHING_DONE, type Outcome, type OrderFacts } from '../outcome.js';
import type { ApplyRequest } from '../rotate-request.js';
import type { StoreEngine } from '../store-engine.js';
import { chooseLogs } from './choose-logs.js';
import { ownershipOf, type Ownership } from './log-notes.js';
import { chosenFrom } from './log-work.js';
import { lockOutLogrotate } from './logrotate-lock.js';
import { setChosenAside, waitForRest } from './set-aside.js';
import { storeFiles, type StoreFile } from './store-file.js';

/** As many as a receipt holds. */
const NOTES_MAX = 10;
const isTold = (note: string | null | undefined): note is string => note !== null && note !== undefined && note !== '';

/** What setting logs aside came to, as the journal tells it. */
function asideOf(journal: Journal): { readonly count: number; readonly notes: string[] } {
  const ended = journal.records.filter((record) => record.kind === 'log-aside');
  const count = ended.filter(({ result }) => result === 'set-aside').length;
  const told = count === 0 ? [] : [`${count} ${count === 1 ? 'log that was' : 'logs that were'} being written ${count === 1 ? 'was' : 'were'} set aside as a new generation`];
  return { count, notes: [...new Set([...told, ...ended.map(({ note }) => note)].filter(isTold))] };
}

/** Chooses once for an order: a run that goes on with it keeps to what was chosen. Returns the files chosen now, and a note. */
async function choose(request: ApplyRequest, journal: Journal, { ours }: Ownership): Promise<{ readonly chosen: readonly StoreFile[]; readonly note: string | null }> {
  if (journal.begun !== undefined || journal.records.some(({ kind }) => kind === 'log-chosen')) return { chosen: [], note: null };
  const choice = await chooseLogs(request, ours, await filesEngine.preview(request));
  if (choice.chosen.length > 0) journal.write({ kind: 'log-chosen', logs: choice.chosen.map(chosenFrom) });
  return choice;
}

/** A run that set something aside did something, also when the generation itself goes later. */
function told(outcome: Outcome, journal: Journal, notes: readonly (string | null)[]): Outcome {
  const aside = asideOf(journal);
  const all = [...aside.notes, ...notes.filter(isTold), ...(outcome.notes ?? [])].slice(0, NOTES_MAX);
  const rests = outcome.outcome === 'nothing-to-do' && aside.count > 0;
  return { ...outcome, ...(rests ? { outcome: 'completed' as const } : {}), notes: all };
}

async function rotate(request: ApplyRequest, order: OrderFacts, journal: Journal, ownership: Ownership, startedMonotonicMs: number): Promise<Outcome> {
  const { chosen, note } = await choose(request, journal, ownership);
  await setChosenAside(request, journal, true);
  if (asideOf(journal).count > 0) await waitForRest(request, chosen, startedMonotonicMs);
  return told(await filesEngine.carryOut(request, order, journal), journal, [...ownership.notes, note]);
}

/** Keeps logrotate out while `work` lasts, where it works on files of this store. */
async function alone(request: ApplyRequest, ownership: Ownership, busy: () => Promise<Outcome>, work: () => Promise<Outcome>): Promise<Outcome> {
  const lock = ownership.sharedWithLogrotate ? await lockOutLogrotate(request) : { close: () => undefined };
  if (lock === null) return busy();
  try {
    return await work();
  } finally {
    lock.close();
  }
}

/**
 * Logs with generations. Older generations leave like any files, the oldest first; the file that is being written is never deleted. Where they do not suffice, or that file was begun longer ago than a policy permits,
 * it is set aside as its profile declares, unless another program of the host does so already; what was set aside is then a generation like the others.
 */
export const logEngine: StoreEngine = {
  async preview(request) {
    const [preview, files] = [await filesEngine.preview(request), await storeFiles(request)];
    const ownership = await ownershipOf(request, files);
    const { chosen, note } = await chooseLogs(request, ownership.ours, preview);
    const bytes = chosen.reduce((sum, file) => sum + file.bytes, 0);
    const foretold = chosen.length === 0 ? null : `${chosen.length} ${chosen.length === 1 ? 'log that is' : 'logs that are'} being written would be set aside first (${bytes} bytes), and then count as a generation`;
    return { ...preview, setsAside: chosen.length, notes: [foretold, ...ownership.notes, note, ...(preview.notes ?? [])].filter(isTold).slice(0, NOTES_MAX) };
  },
  async carryOut(request, order, journal) {
    const startedMonotonicMs = performance.now();
    const ownership = await ownershipOf(request, await storeFiles(request));
    const busy = (): Promise<Outcome> => (journal.begun === undefined && !journal.records.some(({ kind }) => kind === 'log-chosen') ? Promise.resolve({ ...NOTHING_DONE, outcome: 'stopped', reason: 'logrotate is at work on these logs and did not end in time; nothing was touched', notes: ownership.notes }) : Promise.reject(new Error('logrotate is at work on these logs; the order goes on when it has ended')));
    return alone(request, ownership, busy, () => rotate(request, order, journal, ownership, startedMonotonicMs));
  },
  async settle(request, order, journal, reason) {
    const lock = await lockOutLogrotate(request);
    if (lock === null) throw new Error('logrotate is at work; what the order began is brought to its end when it has ended');
    try {
      await setChosenAside(request, journal, false);
      return told(await filesEngine.settle(request, order, journal, reason), journal, []);
    } finally {
      lock.close();
    }
  },
  measure: (request) => filesEngine.measure(request),
};
