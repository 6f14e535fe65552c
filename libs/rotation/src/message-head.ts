/** What the headers of one message tell that rotation needs. */
export interface MessageHead {
  /** When this host, or the last one before it, took the message in; null where no header says so. Units: milliseconds since 1970. */
  readonly receivedMs: number | null;
  /** Every Message-ID that it gives itself, without angle brackets. */
  readonly messageIds: readonly string[];
  /** False when the end of the headers was not seen: there may be more. */
  readonly complete: boolean;
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
/** Zones that mail still names by letters. Source: RFC 5322, 4.3. Units: minutes east of Greenwich. */
const ZONES: Readonly<Record<string, number>> = { ut: 0, utc: 0, gmt: 0, z: 0, est: -300, edt: -240, cst: -360, cdt: -300, mst: -420, mdt: -360, pst: -480, pdt: -420 };
const DATE_TIME = /^(?:[a-z]{3},?\s+)?(\d{1,2})\s+([a-z]{3})\s+(\d{4})\s+(\d{2}):(\d{2})(?::(\d{2}))?\s+([+-]\d{4}|[a-z]{1,3})\b/i;
const FIELD = /^([!-9;-~]+)[ \t]*:(.*)$/s;
const MINUTE_MS = 60_000;

function zoneMinutes(zone: string): number | null {
  const named = ZONES[zone.toLowerCase()];
  if (named !== undefined) return named;
  if (!/^[+-]\d{4}$/.test(zone)) return null;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3));
  return zone.startsWith('-') ? -minutes : minutes;
}

/** A moment as mail writes it; null where it is none, as on a day that no calendar has. Source: RFC 5322, 3.3. */
export function mailMoment(text: string): number | null {
  const [, day = '', month = '', year = '', hour = '', minute = '', second = '0', zone = ''] = DATE_TIME.exec(text.trim()) ?? [];
  const monthIndex = MONTHS.indexOf(month.toLowerCase());
  const offset = zoneMinutes(zone);
  if (monthIndex < 0 || offset === null || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return null;
  const ms = Date.UTC(Number(year), monthIndex, Number(day), Number(hour), Number(minute), Number(second));
  return new Date(ms).getUTCDate() === Number(day) || Number(second) === 60 ? ms - offset * MINUTE_MS : null;
}

/** The lines of the headers, folded ones joined. A line of an mbox before the first header is passed over. */
function fieldsOf(head: string): { fields: string[]; complete: boolean } {
  const fields: string[] = [];
  const lines = head.split('\n');
  for (const [index, raw] of lines.entries()) {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    // The last piece has no newline behind it: it may have been cut.
    if (index === lines.length - 1) return { fields, complete: false };
    if (line === '') return { fields, complete: true };
    if (index === 0 && line.startsWith('From ')) continue;
    if (/^[ \t]/.test(line) && fields.length > 0) fields.push(`${fields.pop() ?? ''}${line}`);
    else fields.push(line);
  }
  return { fields, complete: false };
}

const idsIn = (value: string): string[] => [...value.matchAll(/<([^<>]{1,998})>/g)].map(([, id = '']) => id.trim());

/**
 * Reads the beginning of a message. The topmost `Received` is the one that was written last, by the host that keeps the message or the one before it.
 * `head` is Latin-1 of the bytes. Errors: none; what is no header tells nothing. Source: RFC 5322, 2.2 and 3.6.
 */
export function readMessageHead(head: string): MessageHead {
  const { fields, complete } = fieldsOf(head);
  let received: string | null = null;
  const messageIds: string[] = [];
  for (const field of fields) {
    const [, name = '', value = ''] = FIELD.exec(field) ?? [];
    const lower = name.toLowerCase();
    if (lower === 'received') received ??= value;
    else if (lower === 'message-id') messageIds.push(...(idsIn(value).length > 0 ? idsIn(value) : [value.trim()]));
  }
  return { receivedMs: received === null ? null : mailMoment(received.slice(received.lastIndexOf(';') + 1)), messageIds, complete };
}
