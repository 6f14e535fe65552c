import type { Store, SystemLog } from '@mailwarden/catalogue';
import type { StoreObservation } from '@mailwarden/contracts';
import type { BytePath } from '@mailwarden/inventory';
import { instantOf, known, unknown, type Instant } from '@mailwarden/kernel';
import { filesFor, programMatcher } from '@mailwarden/rotation-rules';
import type { Host } from '../host.js';
import { countLines, type LogBudget } from './count-lines.js';
import { hostEntries, hostFileStat } from './host-config.js';
import type { HostRules } from './host-rules.js';
import { hostJournalLines } from './journal-lines.js';
import { added, NO_LINES, type LineSums } from './line-counter.js';
import { LogMemory } from './log-memory.js';
import type { UsedLogs } from './store-rules.js';

/** What lies of a store in the logs of the system, and in which of them. */
export interface FoundInLogs {
  readonly inSystemLog: NonNullable<StoreObservation['inSystemLog']>;
  readonly newestAt: Instant | null;
  readonly used: UsedLogs;
  /** What could not be read, each with its reason. */
  readonly gaps: readonly string[];
}

/** What one scan reads of the system's logs, all stores together. Units: bytes, milliseconds. */
const SCAN_BYTES_MAX = 1024 * 1024 * 1024;
const SCAN_MS_MAX = 30_000;
/** Generations of one log that are looked at. */
const GENERATIONS_MAX = 400;
const GAPS_MAX = 8;
/** Where logs lie as a rule; looked at where no configuration that can be read says where they do. */
const USUAL_FILES = ['/var/log/mail.log', '/var/log/maillog', '/var/log/syslog', '/var/log/messages'];
/** What the system calls the messages of mail programs. */
const FACILITY = 'mail';

/** Counts of past scans of this process. */
const memory = new LogMemory();

export const scanBudget = (): LogBudget => ({ bytesLeft: SCAN_BYTES_MAX, endTicks: performance.now() + SCAN_MS_MAX });

/** A log and its older generations: `mail.log`, `mail.log.1`, `mail.log.2.gz`, `mail.log-20261122.gz`. The youngest come first. */
function generationsOf(host: Host, file: BytePath): BytePath[] {
  const slash = file.lastIndexOf('/');
  const [folder, base] = [file.slice(0, slash), file.slice(slash + 1)];
  const isGeneration = (name: string): boolean => name === base || (name.startsWith(base) && /^[.-]\d/.test(name.slice(base.length, base.length + 2)));
  return hostEntries(host, folder)
    .filter(isGeneration)
    .map((name) => `${folder}/${name}`)
    .map((path) => ({ path, mtimeMs: hostFileStat(host, path)?.mtimeMs ?? 0 }))
    .sort((a, b) => b.mtimeMs - a.mtimeMs)
    .map(({ path }) => path)
    .slice(0, GENERATIONS_MAX);
}

/** Where messages of these programs go by the rules of the host, and what of the rules cannot be read. */
function logsFor({ syslog, foreignSyslog }: HostRules, { programs }: SystemLog): { readonly files: readonly BytePath[]; readonly gaps: readonly string[] } {
  const routed = syslog === null ? { files: USUAL_FILES, unread: [] } : filesFor(syslog, { facility: FACILITY, programs });
  const usual = foreignSyslog.length > 0 ? USUAL_FILES : [];
  return { files: [...new Set([...routed.files, ...usual])], gaps: [...routed.unread, ...foreignSyslog].map(({ source, why }) => `${source}: ${why}`) };
}

async function countFiles(host: Host, files: readonly BytePath[], system: SystemLog, budget: LogBudget): Promise<{ sums: LineSums; holding: BytePath[]; used: BytePath[]; gaps: string[] }> {
  const matches = { key: system.programs.join(' '), of: programMatcher(system.programs) };
  const found = { sums: NO_LINES, holding: [] as BytePath[], used: [] as BytePath[], gaps: [] as string[] };
  for (const file of files) {
    for (const generation of generationsOf(host, file)) {
      const counted = await countLines(host, generation, matches, budget, memory);
      const gap = counted.ok ? counted.value.cutOff : counted.error;
      if (gap !== null) found.gaps.push(`${generation}: ${gap}`);
      if (!counted.ok || counted.value.sums.lines === 0) continue;
      found.sums = added(found.sums, counted.value.sums);
      found.holding.push(generation);
      if (!found.used.includes(file)) found.used.push(file);
    }
  }
  return found;
}

/** A reason that tells of every gap, as long as a sentence is. */
const gapsTold = (gaps: readonly string[]): string => gaps.slice(0, GAPS_MAX).join('; ').slice(0, 500);
const moment = (ms: number | null): Instant | null => (ms === null ? null : instantOf(Math.max(0, ms)));

/** Looks for what a store's product wrote into the logs of the system, in files with all their generations and in the journal. */
export async function followSystemLog(host: Host, store: Store & { readonly systemLog: SystemLog }, rules: HostRules, budget: LogBudget): Promise<FoundInLogs> {
  const logs = logsFor(rules, store.systemLog);
  const counted = await countFiles(host, logs.files, store.systemLog, budget);
  const journal = await hostJournalLines(host, programMatcher(store.systemLog.programs));
  const inJournal = journal?.known === true && journal.value.sums.lines > 0;
  const gaps = [...logs.gaps, ...counted.gaps, ...(journal === null ? [] : !journal.known ? [`journal: ${journal.reason}`] : journal.value.cutOff === null ? [] : [`journal: ${journal.value.cutOff}`])];
  const sums = journal?.known === true ? added(counted.sums, journal.value.sums) : counted.sums;
  const value = { files: counted.holding.length + (inJournal ? 1 : 0), lines: sums.lines, bytes: sums.bytes, oldestAt: moment(sums.oldestMs) };
  return {
    // Nothing found while something could not be read is no answer.
    inSystemLog: sums.lines === 0 && gaps.length > 0 ? unknown(gapsTold(gaps)) : known(value, sourceOf(counted.used, inJournal)),
    newestAt: moment(sums.newestMs),
    used: { files: counted.used, journal: inJournal },
    gaps: gaps.slice(0, GAPS_MAX),
  };
}

const sourceOf = (files: readonly BytePath[], journal: boolean): string => [...files, ...(journal ? ['the journal'] : [])].join(', ').slice(0, 200) || 'the logs of the system';
