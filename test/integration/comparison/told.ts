import type { Ran, Stage } from './stage.js';

const quoted = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ');
const KIB = 1024;
export const kibibytes = (bytes: number): string => `${Math.round(bytes / KIB)} KiB`;

/** What a run left of what was there, by name. */
export function fate(before: readonly string[], after: readonly string[]): string {
  const gone = before.filter((name) => !after.includes(name));
  const left = before.filter((name) => after.includes(name));
  const made = after.filter((name) => !before.includes(name));
  const old = gone.length === 0 ? (before.length === 1 ? 'stays' : 'all stay') : left.length === 0 ? (before.length === 1 ? 'goes' : 'all go') : `${quoted(gone)} ${gone.length === 1 ? 'goes' : 'go'}, ${quoted(left)} ${left.length === 1 ? 'stays' : 'stay'}`;
  return made.length === 0 ? old : `${old}; new: ${quoted(made)}`;
}

const reasons = (ran: Ran): string => (ran.told?.skipped ?? []).filter(({ items }) => items > 0).map(({ reason }) => reason).join(', ');

/** How a run ended, where that is more than what it left: an exit that complains, the reason why something stayed. */
export function ending(ran: Ran): string {
  const why = ran.told === null ? '' : ran.told.state === 'stopped' ? ran.told.reason : reasons(ran);
  const exit = ran.exit === 0 || ran.told !== null ? '' : `, exit ${ran.exit ?? 'by signal'}`;
  return `${exit}${why === '' ? '' : ` (${why})`}`;
}

/** Lies beside what a row is about, so that there is something to do; its own fate is told in a row of its own. */
export const BESIDE = 'beside';

/** The words that were given to the program, and what came of them. */
export async function outcome(words: readonly string[], stage: Stage, run: () => Ran | Promise<Ran>): Promise<string> {
  const entries = (): string[] => stage.entries.filter((name) => name !== BESIDE);
  const before = entries();
  const ran = await run();
  return `${words.map((line) => `\`${line}\``).join(' ')}: ${fate(before, entries())}${ending(ran)}`;
}

/** The same where only sizes matter. */
export async function sizeAfter(words: readonly string[], stage: Stage, run: () => Ran | Promise<Ran>): Promise<string> {
  const ran = await run();
  return `${words.map((line) => `\`${line}\``).join(' ')}: ${kibibytes(stage.bytes)} left${ending(ran)}`;
}
