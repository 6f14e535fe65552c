import { formatExactDuration } from '@mailwarden/kernel';
import { ABSENT, at, LINES_MAX, UNREAD_MAX, type ConfigSource, type Unread } from './config-source.js';
import { dropIns, foldersOf } from './drop-ins.js';
import { isGlob, matchesPath } from './glob.js';
import { timeSpan } from './time-span.js';
import { wordsOf } from './words.js';

/** One line that cleans a folder, or keeps one from being cleaned. */
export interface TmpfilesLine {
  readonly source: string;
  /** A path, or a glob where the type takes one. */
  readonly glob: string;
  /** What is older than this is removed; null where nothing is. Units: seconds. */
  readonly ageSeconds: number | null;
  /** `x` keeps the place and what lies below it, `X` the place alone; null for a line that says how it is cleaned. */
  readonly keeps: 'x' | 'X' | null;
  /** What lies at the first level is kept (`~`). */
  readonly belowFirstLevel: boolean;
}

export interface TmpfilesConfig {
  readonly lines: readonly TmpfilesLine[];
  readonly unread: readonly Unread[];
}

/** Types whose age field is honoured. Source: tmpfiles.d(5). */
const AGED: ReadonlySet<string> = new Set(['d', 'D', 'e', 'v', 'q', 'Q', 'C']);
const TAKES_GLOB: ReadonlySet<string> = new Set(['e', 'x', 'X']);
/** Specifiers that are the same on every host, for the system's own instance. */
const SPECIFIERS: Readonly<Record<string, string>> = { '%': '%', T: '/tmp', V: '/var/tmp', S: '/var/lib', L: '/var/log', C: '/var/cache', t: '/run' };

/** Path with its specifiers filled in; null where one depends on the host. */
function expanded(path: string): string | null {
  let full = '';
  for (let index = 0; index < path.length; index += 1) {
    if (path[index] !== '%') {
      full += path.charAt(index);
      continue;
    }
    const value = SPECIFIERS[path.charAt((index += 1))];
    if (value === undefined) return null;
    full += value;
  }
  return full.length > 1 && full.endsWith('/') ? full.slice(0, -1) : full;
}

/** The age field: `10d`, `~10d`, `am:10d`, `-`. Undefined where it is none of these. */
function ageOf(field: string): { seconds: number | null; belowFirstLevel: boolean } | undefined {
  if (field === '-' || field === '') return { seconds: null, belowFirstLevel: false };
  const belowFirstLevel = field.startsWith('~');
  const prefix = /^[aAbBcCmM]{1,8}:/.exec(belowFirstLevel ? field.slice(1) : field)?.[0] ?? '';
  const seconds = timeSpan(field.slice((belowFirstLevel ? 1 : 0) + prefix.length));
  return seconds === null ? undefined : { seconds: Math.round(seconds), belowFirstLevel };
}

function lineOf(words: readonly string[], source: string): TmpfilesLine | Unread | null {
  const [type = '', path = '', , , , age = '-'] = words;
  const letter = type.charAt(0);
  if (type.includes('!')) return null; // Carried out when the system boots, and never by the timer that cleans.
  const glob = expanded(path);
  if (glob === null) return AGED.has(letter) || TAKES_GLOB.has(letter) ? { source, why: 'a specifier in its path is not known here' } : null;
  if (letter === 'x' || letter === 'X') return { source, glob, ageSeconds: null, keeps: letter, belowFirstLevel: false };
  if (!AGED.has(letter)) return null;
  const read = ageOf(age);
  return read === undefined ? { source, why: 'its age cannot be read' } : { source, glob, ageSeconds: read.seconds, keeps: null, belowFirstLevel: read.belowFirstLevel };
}

/** Reads what systemd-tmpfiles cleans. Of two lines about one path the first counts. */
export function readTmpfiles(config: ConfigSource): TmpfilesConfig {
  const [lines, unread, seen] = [[] as TmpfilesLine[], [] as Unread[], new Set<string>()];
  for (const file of dropIns(config, foldersOf('tmpfiles.d'))) {
    const text = config.read(file);
    if (!text.ok && text.error !== ABSENT) unread.push({ source: file, why: text.error });
    if (!text.ok) continue;
    text.value.split('\n', LINES_MAX).forEach((line, index) => {
      const trimmed = line.trim();
      const read = trimmed === '' || trimmed.startsWith('#') ? null : lineOf(wordsOf(trimmed), at(file, index + 1));
      if (read === null) return;
      if ('why' in read) unread.push(read);
      else if (!seen.has(`${read.keeps ?? ''}${read.glob}`)) {
        seen.add(`${read.keeps ?? ''}${read.glob}`);
        lines.push(read);
      }
    });
  }
  return { lines, unread: unread.slice(0, UNREAD_MAX) };
}

const isAt = ({ glob, keeps }: TmpfilesLine, path: string): boolean => (keeps !== null || isGlob(glob) ? matchesPath(glob, path) : glob === path);

/** A path and the folders above it, the deepest first. */
function upwards(path: string): string[] {
  const parts = path.split('/').slice(1);
  return parts.map((_part, index) => `/${parts.slice(0, parts.length - index).join('/')}`);
}

/** The line that cleans what lies in a folder: the deepest one about it or a folder above. Null where none does, or one keeps it. */
export function cleaningOf({ lines }: TmpfilesConfig, folder: string): TmpfilesLine | null {
  for (const [index, path] of upwards(folder).entries()) {
    const here = lines.filter((line) => isAt(line, path));
    if (here.some(({ keeps }) => keeps === 'x')) return null;
    const line = here.find(({ keeps }) => keeps === null);
    if (line !== undefined) return line.ageSeconds === null ? null : line;
    if (index === 0 && here.some(({ keeps }) => keeps === 'X')) continue; // The place itself stays, what lies in it does not.
  }
  return null;
}

/** `removes what is older than 10 days`. */
export const tmpfilesWords = ({ ageSeconds, belowFirstLevel }: TmpfilesLine): string =>
  `removes what is older than ${formatExactDuration(ageSeconds ?? 0)}${belowFirstLevel ? ', below its first level' : ''}`;
