import { matchesName } from './glob.js';
import type { LocalClock } from './logrotate-state.js';

/** What a line of a system log says of itself. */
export interface SyslogLine {
  /** As the program writes it, as `postfix/smtpd`. */
  readonly program: string;
  /** The moment as it stands there. */
  readonly moment: string;
}

/** Where time, host and tag stand in a line; what comes behind is not looked at. Units: characters. */
export const LINE_HEAD_MAX = 512;
const TRADITIONAL_LENGTH = 'Nov 25 01:02:03'.length;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAY_MS = 86_400_000;

/** Ends of a program's name within a tag: `klms[12]:`, `klms:`, `klms 12`. */
function nameIn(tag: string): string {
  let end = 0;
  while (end < tag.length && !'[: '.includes(tag.charAt(end))) end += 1;
  return tag.slice(0, end);
}

/** `<22>1 2026-11-25T01:02:03Z host program 12 - - text`. Source: RFC 5424. */
function structured(line: string): SyslogLine | null {
  const close = line.indexOf('>');
  if (close < 2 || close > 4 || line[close + 1] !== '1' || line[close + 2] !== ' ') return null;
  const [moment = '', , program = ''] = line.slice(close + 3, close + 3 + LINE_HEAD_MAX).split(' ', 3);
  return program === '' || program === '-' ? null : { program, moment };
}

const isDigit = (character: string | undefined): boolean => character !== undefined && character >= '0' && character <= '9';

/** Reads the head of a line: the traditional form, the one with a full date, and RFC 5424. Null for the rest of a longer message, or another form. */
export function readSyslogLine(line: string): SyslogLine | null {
  if (line.startsWith('<')) return structured(line);
  const dated = isDigit(line[0]) && line[4] === '-' && line[10] === 'T';
  const afterMoment = dated ? line.indexOf(' ') : line[9] === ':' && line[12] === ':' ? TRADITIONAL_LENGTH : -1;
  if (afterMoment === -1 || line[afterMoment] !== ' ') return null;
  const afterHost = line.indexOf(' ', afterMoment + 1);
  if (afterHost === -1) return null;
  const program = nameIn(line.slice(afterHost + 1));
  return program === '' ? null : { program, moment: line.slice(0, afterMoment) };
}

/**
 * The moment of a line. The traditional form names no year: a line is older than the last change of its file, and less than a year older.
 * Null where it is no moment, or one to come. Units: milliseconds since 1970.
 */
export function momentOfLine(moment: string, fileMtimeMs: number, clock: LocalClock): number | null {
  if (isDigit(moment[0])) {
    const ms = Date.parse(moment);
    return Number.isNaN(ms) || ms > fileMtimeMs + DAY_MS ? null : ms; // Nobody wrote after the last change of the file.
  }
  const month = MONTHS.indexOf(moment.slice(0, 3)) + 1;
  const [day, hour, minute, second] = [moment.slice(4, 6), moment.slice(7, 9), moment.slice(10, 12), moment.slice(13, 15)].map(Number);
  if (month === 0 || [day, hour, minute, second].some((part) => part === undefined || !Number.isInteger(part))) return null;
  const inYear = (year: number): number => clock(year, month, day ?? 0, hour ?? 0, minute ?? 0, second ?? 0);
  const latestMs = fileMtimeMs + DAY_MS; // A zone is less than a day away.
  const year = new Date(latestMs).getUTCFullYear();
  const inLatestYear = inYear(year);
  return inLatestYear <= latestMs ? inLatestYear : inYear(year - 1);
}

/** Whether a name is one that a product writes; `*` stands for anything but a space. Answers are remembered, for a log has few names. */
export function programMatcher(programs: readonly string[]): (program: string) => boolean {
  const remembered = new Map<string, boolean>();
  return (program) => {
    let answer = remembered.get(program);
    if (answer === undefined) {
      answer = programs.some((glob) => matchesName(glob, program));
      if (remembered.size < REMEMBERED_MAX) remembered.set(copied(program), answer);
    }
    return answer;
  };
}
/** A name of its own: one cut out of a log would keep the whole piece of it in memory. */
const copied = (name: string): string => [...name].join('');
/** Names that are remembered; a log that holds more was written by somebody who wants it to. */
const REMEMBERED_MAX = 10_000;
