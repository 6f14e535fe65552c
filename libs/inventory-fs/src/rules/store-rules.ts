import type { Store } from '@mailwarden/catalogue';
import type { RotationRule } from '@mailwarden/contracts';
import { compilePatterns, type BytePath } from '@mailwarden/inventory';
import { instantOf, known, unknown, type Instant, type Measured } from '@mailwarden/kernel';
import { cleaningOf, isGlob, journaldWords, logrotateWords, PERIOD_SECONDS, tmpfilesWords, type TmpfilesLine } from '@mailwarden/rotation-rules';
import type { FoundFile } from './expand-glob.js';
import type { HostRules, LogrotateOnHost } from './host-rules.js';

/** As many as an observation holds. */
const RULES_MAX = 32;
const SOURCE_MAX = 200;
const SAYS_MAX = 500;
/** The timer that cleans runs once a day. Source: systemd-tmpfiles-clean.timer. */
const CLEANED_EVERY_SECONDS = 86_400;
/** Any file of the journal on the disk, and of the one that a restart forgets. */
const JOURNALS = [
  { file: '/var/log/journal/0/system.journal', persistent: true },
  { file: '/run/log/journal/0/system.journal', persistent: false },
] as const;
const NO_RECORD = unknown('journald rotates as it writes, and keeps no record of it');

/** A log of the system in which lines of a store were found. */
export interface UsedLogs {
  readonly files: readonly BytePath[];
  readonly journal: boolean;
}

/** Rules of the host that rotate or clean what belongs to a store, or the logs of the system that hold lines of it. */
export function rulesOfStore(rules: HostRules, store: Pick<Store, 'files' | 'exclude'>, used: UsedLogs): RotationRule[] {
  const [patterns, excluded, logs] = [compilePatterns(store.files), compilePatterns(store.exclude), new Set(used.files)];
  const isOwn = (path: BytePath): boolean => logs.has(path) || (patterns.matches(path) && !excluded.matches(path));
  const rotated = rules.logrotate.flatMap((rule) => {
    const files = rule.files.filter(({ path }) => isOwn(path));
    return files.length > 0 || rule.globs.some((glob) => !isGlob(glob) && isOwn(glob)) ? [ofLogrotate(rules, rule, files)] : [];
  });
  const cleaned = new Set<TmpfilesLine>();
  for (const root of patterns.roots) {
    const line = cleaningOf(rules.tmpfiles, root);
    if (line !== null) cleaned.add(line);
  }
  for (const line of rules.tmpfiles.lines) if (line.ageSeconds !== null && !isGlob(line.glob) && isOwn(line.glob)) cleaned.add(line);
  const journals = JOURNALS.filter(({ file, persistent }) => isOwn(file) || (used.journal && persistent));
  const all = [...rotated, ...[...cleaned].map((line) => ofTmpfiles(rules, line)), ...journals.map(({ persistent }) => ofJournald(rules, persistent))];
  // Both journals are often kept by one rule.
  return all.filter((rule, index) => all.findIndex(({ source, says }) => source === rule.source && says === rule.says) === index).slice(0, RULES_MAX);
}

function ofLogrotate(rules: HostRules, rule: LogrotateOnHost, files: readonly FoundFile[]): RotationRule {
  const { period } = rule.settings;
  return {
    tool: 'logrotate',
    source: rule.source.slice(0, SOURCE_MAX),
    says: logrotateWords(rule.settings).slice(0, SAYS_MAX),
    lastRanAt: rotatedAt(rules, rule, files),
    everySeconds: period === null ? null : PERIOD_SECONDS[period],
  };
}

/**
 * When a block was last carried out: of the logs that are due by the calendar alone, the one that was left alone for longest,
 * so that a log which logrotate refuses is not hidden behind the others. Empty ones may rest, and so may those with a size to reach: then it counts when the job ran.
 */
function rotatedAt({ rotatedAt: record, logrotateRanAt }: HostRules, { settings }: LogrotateOnHost, files: readonly FoundFile[]): Measured<Instant> {
  if (settings.period === null || settings.minSize !== null) return logrotateRanAt;
  const due = files.filter(({ size }) => size > 0 || !settings.notIfEmpty);
  const moments = due.flatMap(({ path }) => record.get(path) ?? []);
  return moments.length === 0 ? logrotateRanAt : known(instantOf(Math.max(0, Math.min(...moments))), 'the record of logrotate');
}

const ofTmpfiles = (rules: HostRules, line: TmpfilesLine): RotationRule => ({ tool: 'tmpfiles', source: line.source.slice(0, SOURCE_MAX), says: tmpfilesWords(line), lastRanAt: rules.tmpfilesRanAt, everySeconds: CLEANED_EVERY_SECONDS });

const ofJournald = ({ journald }: HostRules, persistent: boolean): RotationRule => ({ tool: 'journald', source: journald.source.slice(0, SOURCE_MAX), says: journaldWords(journald, persistent), lastRanAt: NO_RECORD, everySeconds: null });
