import type { LocalClock } from './logrotate-state.js';
import { momentOfLine, readSyslogLine } from './syslog-line.js';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAY_MS = 86_400_000;
/** `2026-11-25T01:02:03.5+01:00`, also with a space, a comma, slashes, and behind a bracket. */
const ISO = /^\[?(\d{4})[-/](\d{2})[-/](\d{2})[T ](\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,9}))?\s?(Z|[+-]\d{2}:?\d{2})?/;
/** `1764032523`, `1764032523.123`, `1764032523123`. */
const EPOCH = /^\[?(\d{10})(\d{3})?(?:\.(\d{1,9}))?(?=[\s\],;|:]|$)/;
/** `Wed Nov 25 01:02:03 2026`, as asctime(3) writes it. */
const CALENDAR = /^\[?[A-Z][a-z]{2} ([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d{2}):(\d{2}):(\d{2}) (\d{4})/;
/** `25 Nov 2026 01:02:03`, behind a process number as Redis writes it. */
const DAY_FIRST = /^(?:\d{1,7}:[A-Z] )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2})/;

const number = (text: string | undefined): number => Number(text ?? 0);

function zoneMs(zone: string | undefined): number | null {
  if (zone === undefined) return null;
  if (zone === 'Z') return 0;
  const [hours, minutes] = [number(zone.slice(1, 3)), number(zone.slice(-2))];
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

function ofIso(head: string, clock: LocalClock): number | null {
  const match = ISO.exec(head);
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(number) as [number, number, number, number, number, number];
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 24 || minute > 59 || second > 60) return null;
  const zone = zoneMs(match[8]);
  return zone === null ? clock(year, month, day, hour, minute, second) : Date.UTC(year, month - 1, day, hour, minute, second) - zone;
}

function ofEpoch(head: string): number | null {
  const match = EPOCH.exec(head);
  return match === null ? null : number(match[1]) * 1000 + number(match[2]);
}

function ofCalendar(head: string, clock: LocalClock): number | null {
  const year = CALENDAR.exec(head);
  if (year !== null) return MONTHS.includes(year[1] ?? '') ? clock(number(year[6]), MONTHS.indexOf(year[1] ?? '') + 1, number(year[2]), number(year[3]), number(year[4]), number(year[5])) : null;
  const day = DAY_FIRST.exec(head);
  return day === null || !MONTHS.includes(day[2] ?? '') ? null : clock(number(day[3]), MONTHS.indexOf(day[2] ?? '') + 1, number(day[1]), number(day[4]), number(day[5]), number(day[6]));
}

/**
 * When a record was written, as the head of its line says: a full date, seconds since 1970, the calendar of asctime(3) or of Redis, or the head of a line of syslog.
 * Without a zone it is the host's own. Null where nothing of that stands there, or a moment to come: no line is older for claiming so.
 * Units: milliseconds since 1970. Safety: looks at a head of bounded length alone.
 */
export function momentOfRecord(head: string, fileMtimeMs: number, clock: LocalClock): number | null {
  const atMs = ofIso(head, clock) ?? ofEpoch(head) ?? ofCalendar(head, clock) ?? ofSyslog(head, fileMtimeMs, clock);
  return atMs === null || Number.isNaN(atMs) || atMs > fileMtimeMs + DAY_MS ? null : atMs;
}

function ofSyslog(head: string, fileMtimeMs: number, clock: LocalClock): number | null {
  const line = readSyslogLine(head);
  return line === null ? null : momentOfLine(line.moment, fileMtimeMs, clock);
}
