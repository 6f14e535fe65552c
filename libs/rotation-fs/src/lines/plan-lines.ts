import { createHmac } from 'node:crypto';
import { closeSync, constants, fstatSync, statfsSync } from 'node:fs';
import type { SkipReason } from '@mailwarden/contracts';
import type { Sha256 } from '@mailwarden/kernel';
import { boundPassed, clockDoubt, concernsStore, excessOf, LineChoice, watermarkProblem, type Excess, type LineKeep, type LineStretch, type Room, type Span } from '@mailwarden/rotation';
import { openFile, pathOf, storeContent, storeFiles, withFolder, type StoreContent, type StoreFile } from '../logs/store-file.js';
import type { RotateRequest } from '../rotate-request.js';
import { markAt } from './cut-in-place.js';
import { marksOf } from './line-marks.js';
import type { LineMarks } from './line-record.js';
import { blankHead, countLines, countPacked, eachLine, LineMoments, NOTHING_TOLD, packingOf, spanOfLines, type Packing } from './read-lines.js';

/** One file with its lines counted. */
export interface CountedFile {
  readonly file: StoreFile;
  /** Up to where its lines were counted. */
  readonly until: number;
  readonly packing: Packing;
  readonly records: number;
  /** By the order's clock; NaN where nothing tells. */
  readonly oldestMs: number;
  readonly newestMs: number;
  /** What the lines of a packed generation say of themselves, whatever the clock: a hold means that. NaN for other files, whose lines are asked one by one. */
  readonly told: Span;
}

/** A file of which lines leave; without stretches it leaves whole. */
export interface PlannedLines {
  readonly file: StoreFile;
  readonly records: number;
  readonly bytes: number;
  readonly stretches: readonly LineStretch[];
  readonly behind: string;
  readonly marks: LineMarks;
}

export interface LinePlan {
  readonly before: { readonly items: number; readonly bytes: number };
  readonly planned: { readonly items: number; readonly bytes: number; readonly oldestMs: number | null; readonly newestMs: number | null; readonly digest: Sha256 };
  readonly skipped: ReadonlyMap<SkipReason, number>;
  readonly files: readonly PlannedLines[];
  readonly counted: readonly CountedFile[];
  readonly excess: Excess;
  readonly stopped: string | null;
  readonly staysOver: boolean;
}

/** Opens a file of the store for the time of `use`; null where it is not that file any more. */
async function reading<T>({ host }: Pick<RotateRequest, 'host'>, file: StoreFile, use: (fd: number) => T | Promise<T>): Promise<T | null> {
  return withFolder(host, file, async (directory) => {
    const fd = openFile(directory, file.name, file, constants.O_RDONLY);
    if (fd === null) return null;
    try {
      return await use(fd);
    } finally {
      closeSync(fd);
    }
  });
}

/** By the order's clock: what the lines say of themselves, or the last change of their file, than which none of them is younger. */
const momentsOf = (request: RotateRequest, file: StoreFile, read: { readonly oldestMs: number; readonly newestMs: number }): { readonly oldestMs: number; readonly newestMs: number } =>
  request.clock === 'recorded' ? read : { oldestMs: file.mtimeMs, newestMs: file.mtimeMs };

/** The moment of one line by the order's clock, from what it tells of itself. */
export const momentBy = ({ clock }: Pick<RotateRequest, 'clock'>, { mtimeMs }: Pick<StoreFile, 'mtimeMs'>, toldMs: number): number => (clock !== 'recorded' && Number.isNaN(toldMs) ? mtimeMs : toldMs);

async function counted(request: RotateRequest, file: StoreFile): Promise<CountedFile> {
  const packing = packingOf(file.name);
  if (packing === 'unreadable') throw new Error(`a packed generation of ${request.store.id} cannot be unpacked here, so its records cannot be counted`);
  const found = await reading(request, file, async (fd) => {
    const { size } = fstatSync(fd);
    return packing === 'plain' ? { until: size, records: countLines(fd, 0, size), told: NOTHING_TOLD, ...spanOfLines(fd, size, file.mtimeMs) } : { until: size, ...(await countPacked(fd, packing, file.mtimeMs)) };
  });
  const { records, until, told, ...span } = found ?? { records: 0, until: 0, told: NOTHING_TOLD, oldestMs: Number.NaN, newestMs: Number.NaN };
  return { file, packing, until, records, told, ...momentsOf(request, file, span) };
}

/** What is known of a file already: so many records up to this place. */
export type KnownCounts = ReadonlyMap<string, { readonly until: number; readonly records: number }>;
export const countKey = ({ dev, ino }: Pick<StoreFile, 'dev' | 'ino'>): string => `${dev}:${ino}`;

/** Records of a file of which only what came later is read. */
async function countedOn(request: RotateRequest, file: StoreFile, known: { readonly until: number; readonly records: number }): Promise<CountedFile> {
  const later = await reading(request, file, (fd) => countLines(fd, known.until, file.size));
  return { file, packing: 'plain', until: file.size, records: known.records + (later ?? 0), told: NOTHING_TOLD, oldestMs: Number.NaN, newestMs: Number.NaN };
}

/** Records and bytes of a store's files, the oldest file first. */
export const countStore = async (request: RotateRequest, known: KnownCounts = new Map()): Promise<CountedFile[]> => countFiles(request, await storeFiles(request), known);

async function countFiles(request: RotateRequest, files: readonly StoreFile[], known: KnownCounts): Promise<CountedFile[]> {
  const all: CountedFile[] = [];
  for (const file of files.toSorted((a, b) => Number(a.isActive) - Number(b.isActive) || a.mtimeMs - b.mtimeMs)) {
    const before = known.get(countKey(file));
    all.push(before !== undefined && before.until > 0 && before.until <= file.size ? await countedOn(request, file, before) : await counted(request, file));
  }
  return all;
}

const sumOf = (files: readonly CountedFile[]): { readonly items: number; readonly bytes: number } => ({ items: files.reduce((sum, { records }) => sum + records, 0), bytes: files.reduce((sum, { file }) => sum + file.bytes, 0) });

async function roomOf(request: RotateRequest, files: readonly CountedFile[]): Promise<Room | null> {
  const [first] = files;
  return first === undefined ? null : reading(request, first.file, (fd) => {
    const { bsize, blocks, bavail } = statfsSync(`/proc/self/fd/${fd}`);
    return { totalBytes: blocks * bsize, freeBytes: bavail * bsize };
  });
}

const NO_MARKS: LineMarks = { head: '', ends: [] };

/** What leaves of one file; null where nothing does, or somebody emptied it while it was read: its lines are not those that stand there now. */
async function chosenOf(request: RotateRequest, choice: LineChoice, { file, packing, ...counts }: CountedFile): Promise<PlannedLines | null> {
  if (file.isExcluded || file.isLinked) {
    choice.leave(file.isExcluded ? 'excluded' : 'hard-linked', counts.records);
    return null;
  }
  if (packing !== 'plain') return choice.whole({ ...counts, bytes: file.bytes }) ? { file, records: counts.records, bytes: file.bytes, stretches: [], behind: '', marks: NO_MARKS } : null;
  return reading(request, file, (fd) => {
    const moments = new LineMoments(file.mtimeMs);
    const own = request.clock === 'recorded' || choice.needsMoments;
    const [blank, head] = [blankHead(fd), markAt(fd, 0, file.size)];
    eachLine(fd, blank, file.size, own, (start, end, head) => {
      const told = own ? moments.of(head) : Number.NaN;
      return choice.line(start, end, momentBy(request, file, told), told);
    });
    // What an earlier trim left blank goes with the first lines behind it.
    const stretches = choice.take().map((stretch) => (stretch.start === blank ? { ...stretch, start: 0 } : stretch));
    const last = stretches.at(-1);
    if (last === undefined || markAt(fd, 0, file.size) !== head) return null;
    const gone = stretches.reduce((sum, { start, end }) => sum + end - start, 0);
    const isWhole = gone === file.size && !file.isActive;
    return { file, records: stretches.reduce((sum, stretch) => sum + stretch.records, 0), bytes: isWhole ? file.bytes : gone, stretches: isWhole ? [] : stretches, behind: markAt(fd, last.end, file.size), marks: isWhole ? NO_MARKS : marksOf(fd, stretches) };
  });
}

function digestOf(key: Uint8Array, files: readonly PlannedLines[]): Sha256 {
  const hash = createHmac('sha256', key);
  for (const { file, stretches } of files) hash.update(`${pathOf(file)}\0${file.dev}:${file.ino}\0${stretches.map(({ start, end }) => `${start}-${end}`).join(' ')}\n`, 'latin1');
  return hash.digest('hex') as Sha256;
}

/** What an order keeps of one store. */
export const keepOf = ({ keep, holds, profile, store }: Pick<RotateRequest, 'keep' | 'holds' | 'profile' | 'store'>): Pick<LineKeep, 'keep' | 'holds'> => ({ keep, holds: holds.filter((hold) => concernsStore(hold, profile.id, store.id)) });

const finite = (values: readonly number[]): number[] => values.filter((value) => !Number.isNaN(value));

/** Why lines stay, and how many folders were not entered; where nothing is to leave, neither is told. */
const skippedBy = ({ skipped }: LineChoice, { kinds }: Excess, { carried }: StoreContent): ReadonlyMap<SkipReason, number> => (carried === 0 || kinds.length === 0 ? skipped : new Map([...skipped, ['permission-denied', (skipped.get('permission-denied') ?? 0) + carried]]));

/** Looks and decides; touches nothing. Memory: flat in the size of the files and the number of their lines. */
export async function planLines(request: RotateRequest): Promise<LinePlan> {
  const nowMs = request.now();
  const content = await storeContent(request);
  const files = await countFiles(request, content.files, new Map());
  const before = sumOf(files);
  const oldest = finite(files.map(({ oldestMs }) => oldestMs));
  const excess = excessOf({ ...before, oldestMs: oldest.length === 0 ? null : Math.min(...oldest), room: await roomOf(request, files) }, request.watermarks, nowMs, null);
  const choice = new LineChoice({ excess, ...keepOf(request), nowMs, records: before.items });
  const chosen: PlannedLines[] = [];
  let older = 0;
  for (const file of excess.kinds.length === 0 ? [] : files) {
    choice.after(older);
    const planned = choice.isOver ? null : await chosenOf(request, choice, file);
    if (planned !== null) chosen.push(planned);
    older += file.records;
  }
  const newest = finite(files.map(({ newestMs }) => newestMs));
  const doubt = excess.olderThanMs === null ? null : clockDoubt({ nowMs, issuedAtMs: request.issuedAtMs, newestMs: newest.length === 0 ? null : Math.max(...newest) });
  const marked = request.marked === null ? null : 'records in files of lines cannot be marked, so none of them may go by a mark';
  return { before, planned: { ...choice.planned, digest: digestOf(request.hashKey, chosen) }, skipped: skippedBy(choice, excess, content), files: chosen, counted: files, excess, stopped: watermarkProblem(request.watermarks) ?? marked ?? doubt ?? boundPassed(choice.planned, before, request.bounds), staysOver: choice.staysOver };
}
