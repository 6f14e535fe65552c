import type { Instant, Severity } from '@mailwarden/kernel';

/** "Log audit". Source: RFC 5424, 6.2.1. */
const FACILITY = 13;
const SEVERITIES: Readonly<Record<Severity, number>> = { info: 6, low: 5, medium: 4, high: 3, critical: 2 };
const SEVERITIES_PER_FACILITY = 8;
const VERSION = 1;
const NIL = '-';
/** Lengths of header fields. Source: RFC 5424, 6. */
const LONGEST = { hostname: 255, appName: 48, procId: 128, msgId: 32, sdName: 32 } as const;

/** Says that UTF-8 follows. Source: RFC 5424, 6.4. */
const BOM = '\u{feff}';
const NOT_PRINTABLE = /[^\u0021-\u007e]/g;
const NOT_IN_NAMES = /[^\u0021-\u007e]|[= \]"]/g;
const NOT_ASCII = /[^\u0000-\u007f]/;
/** Line breaks and what a terminal may obey: a receiver that writes one event a line must not get two. */
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

export interface SyslogMessage {
  readonly severity: Severity;
  readonly at: Instant;
  readonly hostname: string | null;
  readonly appName: string;
  readonly msgId: string;
  /** Elements by their name, as `origin`, or `name@enterprise` with a number that the sender owns. */
  readonly structured: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly message: string;
}

const field = (text: string | null, most: number): string => {
  const printable = (text ?? '').replaceAll(NOT_PRINTABLE, '').slice(0, most);
  return printable === '' ? NIL : printable;
};
const sdName = (text: string): string => {
  const name = text.replaceAll(NOT_IN_NAMES, '').slice(0, LONGEST.sdName);
  if (name === '') throw new Error('a name of structured data needs a printable character');
  return name;
};

/** A parameter's value: `"`, `\` and `]` are escaped, control characters become blanks. Source: RFC 5424, 6.3.3. */
export const sdValue = (text: string): string => text.toWellFormed().replaceAll(CONTROL, ' ').replaceAll(/["\\\]]/g, String.raw`\$&`);

function structuredData(elements: SyslogMessage['structured']): string {
  const texts = Object.entries(elements).map(([id, parameters]) => `[${[sdName(id), ...Object.entries(parameters).map(([name, value]) => `${sdName(name)}="${sdValue(value)}"`)].join(' ')}]`);
  return texts.length === 0 ? NIL : texts.join('');
}

/** What is said, with a byte order mark where it is more than ASCII. Line breaks become blanks. */
function messageText(message: string): string {
  const plain = message.toWellFormed().replaceAll(CONTROL, ' ');
  return NOT_ASCII.test(plain) ? `${BOM}${plain}` : plain;
}

/** One message after RFC 5424, without framing. */
export function syslogMessage({ severity, at, hostname, appName, msgId, structured, message }: SyslogMessage): string {
  const header = [
    `<${FACILITY * SEVERITIES_PER_FACILITY + SEVERITIES[severity]}>${VERSION}`,
    at,
    field(hostname, LONGEST.hostname),
    field(appName, LONGEST.appName),
    NIL,
    field(msgId, LONGEST.msgId),
    structuredData(structured),
  ];
  return `${header.join(' ')} ${messageText(message)}`;
}

/** Framing by the count of bytes, as syslog over TLS wants it: no character of a message can end it. Source: RFC 5425, 4.3; RFC 6587, 3.4.1. */
export function framed(message: string): Uint8Array {
  const bytes = new TextEncoder().encode(message);
  const length = new TextEncoder().encode(`${bytes.length} `);
  const frame = new Uint8Array(length.length + bytes.length);
  frame.set(length);
  frame.set(bytes, length.length);
  return frame;
}
