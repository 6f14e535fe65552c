const SECONDS: Readonly<Record<string, number>> = {
  us: 1e-6, usec: 1e-6, ms: 1e-3, msec: 1e-3,
  s: 1, sec: 1, second: 1, seconds: 1,
  m: 60, min: 60, minute: 60, minutes: 60,
  h: 3_600, hr: 3_600, hour: 3_600, hours: 3_600,
  d: 86_400, day: 86_400, days: 86_400,
  w: 604_800, week: 604_800, weeks: 604_800,
  M: 2_629_800, month: 2_629_800, months: 2_629_800,
  y: 31_557_600, year: 31_557_600, years: 31_557_600,
};
const SPAN_MAX = 60;
const PART = /^(\d{1,15}) ?([A-Za-z]{0,7})/;

/** A length of time as systemd reads it: `10d`, `1h 30min`, `2weeks`; a bare number is seconds. Null where it is none. Units: seconds. Source: systemd.time(7). */
export function timeSpan(text: string): number | null {
  let [rest, seconds] = [text.slice(0, SPAN_MAX).trim(), 0];
  if (rest === '') return null;
  while (rest !== '') {
    const match = PART.exec(rest);
    const factor = match === null ? undefined : match[2] === '' ? 1 : SECONDS[match[2] ?? ''];
    if (match === null || factor === undefined) return null;
    seconds += Number(match[1]) * factor;
    rest = rest.slice(match[0].length).trimStart();
  }
  return seconds;
}

const BYTES: Readonly<Record<string, number>> = { '': 1, B: 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };
const SIZE = /^(\d{1,15})([KMGTB]?)$/;

/** A size in powers of 1024, as logrotate (`100k`, `1M`) and journald (`500M`) read it; null where it is none. Units: bytes. */
export function binarySize(text: string): number | null {
  const match = SIZE.exec(text.trim().toUpperCase());
  const bytes = match === null ? Number.NaN : Number(match[1]) * (BYTES[match[2] ?? ''] ?? Number.NaN);
  return Number.isSafeInteger(bytes) ? bytes : null;
}
