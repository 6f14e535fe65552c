import { LINES_MAX } from './config-source.js';

/** The host's own clock: a moment of its calendar to milliseconds since 1970. `month` counts from 1. */
export type LocalClock = (year: number, month: number, day: number, hour: number, minute: number, second: number) => number;

const HEADERS: ReadonlySet<string> = new Set(['logrotate state -- version 1', 'logrotate state -- version 2']);
/** The moment at the end of a line: only a date, or a date with hour, minute and second. */
const MOMENT = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:-(\d{1,2}):(\d{1,2}):(\d{1,2}))?$/;

/** Where a log was last rotated by logrotate's own record, or first seen. Null where the text is no such record. Units: milliseconds since 1970. Source: logrotate.c, `readState`. */
export function readLogrotateState(text: string, clock: LocalClock): ReadonlyMap<string, number> | null {
  const lines = text.split('\n', LINES_MAX * 10);
  if (!HEADERS.has(lines[0]?.trim() ?? '')) return null;
  const rotatedAt = new Map<string, number>();
  for (const line of lines.slice(1)) {
    const split = line.trimEnd().lastIndexOf(' ');
    const match = MOMENT.exec(line.trimEnd().slice(split + 1));
    if (split < 1 || match === null) continue;
    const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map((part) => Number(part ?? 0));
    rotatedAt.set(unquoted(line.slice(0, split).trim()), clock(year, month, day, hour, minute, second));
  }
  return rotatedAt;
}

/** Since version 2, names stand in quotes, with a backslash before quotes and backslashes. */
function unquoted(name: string): string {
  if (!name.startsWith('"') || !name.endsWith('"') || name.length < 2) return name;
  let plain = '';
  for (let index = 1; index < name.length - 1; index += 1) plain += name[index] === '\\' && index + 2 < name.length ? name.charAt((index += 1)) : name.charAt(index);
  return plain;
}
