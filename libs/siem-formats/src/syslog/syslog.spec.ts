import { parseInstant, type Instant } from '@mailwarden/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { framed, syslogMessage } from './syslog.js';
import { asciiJson } from './syslog-of.js';

const SPECIAL = ['\n', '\r', '\u001b[31m', '|', '=', '\\', ']', '"', '"]', '\\]', '] ', '\u0085', '\u2028', '\u2029', '\u0000', '\u009b', '\ud800', '\u{feff}', '<13>1 ', '12 <13>1', 'ä', '📬'];
const hostile = fc.array(fc.oneof(fc.constantFrom(...SPECIAL), fc.string({ unit: 'binary' }))).map((parts) => parts.join(''));
const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

const at = ((): Instant => {
  const parsed = parseInstant('2026-03-01T08:00:00.000Z');
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
})();
const plain = (text: string): string => text.toWellFormed().replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, ' ');

/** A reader of RFC 5424 as its grammar describes one, written apart from the writer. */
function read(text: string): { header: string[]; elements: Record<string, Record<string, string>>; message: string } {
  const head = /^<(\d{1,3})>1 (\S+) ([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) /.exec(text);
  if (head === null) throw new Error('no header');
  let rest = text.slice(head[0].length);
  const elements: Record<string, Record<string, string>> = {};
  if (rest.startsWith('-')) rest = rest.slice(1);
  for (let open = /^\[([^= \]"]{1,32})/.exec(rest); open !== null; open = /^\[([^= \]"]{1,32})/.exec(rest)) {
    rest = rest.slice(open[0].length);
    const parameters: Record<string, string> = {};
    for (let one = /^ ([^= \]"]{1,32})="((?:[^"\\\]]|\\["\\\]])*)"/.exec(rest); one !== null; one = /^ ([^= \]"]{1,32})="((?:[^"\\\]]|\\["\\\]])*)"/.exec(rest)) {
      parameters[one[1] ?? ''] = (one[2] ?? '').replaceAll(/\\(["\\\]])/g, '$1');
      rest = rest.slice(one[0].length);
    }
    if (!rest.startsWith(']')) throw new Error('an element has no end');
    rest = rest.slice(1);
    elements[open[1] ?? ''] = parameters;
  }
  if (!rest.startsWith(' ')) throw new Error('no blank before the message');
  return { header: head.slice(1), elements, message: rest.slice(1) };
}

describe('a syslog message', () => {
  it('has the header of the standard, and a mark before what is more than ASCII', () => {
    const one = { severity: 'critical', at, hostname: 'mx-1', appName: 'mailwarden', msgId: 'finding.opened', structured: { origin: { software: 'Mailwarden' } }, message: 'text' } as const;
    expect(syslogMessage(one)).toBe('<106>1 2026-03-01T08:00:00.000Z mx-1 mailwarden - finding.opened [origin software="Mailwarden"] text');
    expect(syslogMessage({ ...one, hostname: null, structured: {}, message: 'grüß' })).toBe('<106>1 2026-03-01T08:00:00.000Z - mailwarden - finding.opened - \u{feff}grüß');
  });

  it('says what it was given and no word more, whatever that is', () => {
    fc.assert(
      fc.property(hostile, hostile, hostile, hostile, (hostname, msgId, value, message) => {
        const text = syslogMessage({ severity: 'low', at, hostname, appName: 'a', msgId, structured: { 'first@1': { value, other: 'x' }, second: { value } }, message });
        expect(text).not.toMatch(FORBIDDEN);
        const got = read(text);
        expect(got.elements).toEqual({ 'first@1': { value: plain(value), other: 'x' }, second: { value: plain(value) } });
        const isAscii = /^[\u0000-\u007f]*$/.test(plain(message));
        expect(got.message).toBe(isAscii ? plain(message) : `\u{feff}${plain(message)}`);
      }),
    );
  });

  it('is framed by its count of bytes, so that one after the other comes out whole', () => {
    fc.assert(
      fc.property(fc.array(hostile), (messages) => {
        let stream = Buffer.concat(messages.map(framed));
        const got: string[] = [];
        while (stream.length > 0) {
          const blank = stream.indexOf(' ');
          const length = Number(stream.subarray(0, blank).toString());
          got.push(stream.subarray(blank + 1, blank + 1 + length).toString());
          stream = stream.subarray(blank + 1 + length);
        }
        expect(got).toEqual(messages.map((message) => message.toWellFormed()));
      }),
    );
  });
});

describe('JSON in ASCII', () => {
  it('is the same value in one line', () => {
    fc.assert(
      fc.property(fc.record({ text: hostile, deep: fc.jsonValue() }), (value) => {
        const text = asciiJson(value);
        expect(text).toMatch(/^[\u0020-\u007e]*$/);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});
