import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cefLine } from './cef.js';

const SPECIAL = ['\n', '\r', '\r\n', '\u001b[31m', '|', '=', '\\', '\\\\', '\\n', ']', '"', '\u0085', '\u2028', '\u2029', '\u000b', '\u000c', '\u0000', '\u009b', '\ud800', ' a=b', 'CEF:0|', '|10|', 'ä', '📬'];
const hostile = fc.oneof({ weight: 2, arbitrary: fc.array(fc.oneof(fc.constantFrom(...SPECIAL), fc.string({ unit: 'binary' }))).map((parts) => parts.join('')) }, { weight: 1, arbitrary: fc.string() });
const BREAKS = /[\n\r\u000b\u000c\u0085\u2028\u2029]/;
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]/;

/** A reader of CEF as the format describes one, written apart from the writer. */
function read(line: string): { header: string[]; extension: Record<string, string> } {
  const header: string[] = [];
  let at = 'CEF:'.length;
  for (let field = ''; header.length < 7; at += 1) {
    if (at >= line.length) throw new Error('the header ends early');
    if (line[at] === '\\') field += line[(at += 1)];
    else if (line[at] === '|') {
      header.push(field);
      field = '';
    } else field += line[at];
  }
  const extension: Record<string, string> = {};
  const body = line.slice(at);
  const starts = [...body.matchAll(/(?<=^| )([A-Za-z0-9]+)=/g)].filter(({ index }) => body.slice(0, index).match(/\\*$/)?.[0].length !== 1);
  starts.forEach(({ index, 0: whole, 1: key = '' }, position) => {
    const end = starts[position + 1]?.index ?? body.length + 1;
    extension[key] = body.slice(index + whole.length, end - 1).replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
  });
  return { header, extension };
}

/** What a text becomes where line breaks have a form, and where they have none. */
const kept = (text: string): string => text.toWellFormed().replaceAll(/\r\n|[\n\r\u000b\u000c\u0085\u2028\u2029]/g, '\n').replaceAll(/[\u0000-\u0009\u000e-\u001f\u007f-\u009f]/g, ' ');
const inHeader = (text: string): string => kept(text).replaceAll('\n', ' ');

describe('a line of CEF', () => {
  it('is what the format shows', () => {
    const line = cefLine({ vendor: 'Security', product: 'threat|manager', version: '1.0', signatureId: '100', name: String.raw`a \ in it`, severity: 10, extension: { src: '10.0.0.1', act: 'blocked a = b', msg: 'one\ntwo | three' } });
    expect(line).toBe(String.raw`CEF:0|Security|threat\|manager|1.0|100|a \\ in it|10|src=10.0.0.1 act=blocked a \= b msg=one\ntwo | three`);
  });

  it('says what it was given and no word more, whatever that is', () => {
    fc.assert(
      fc.property(hostile, hostile, hostile, hostile, (name, product, first, second) => {
        const line = cefLine({ vendor: 'v', product, version: '1', signatureId: 'id', name, severity: 3, extension: { first, second, last: 'x' } });
        expect(line).not.toMatch(BREAKS);
        expect(line).not.toMatch(CONTROLS);
        expect(line.isWellFormed()).toBe(true);
        expect(read(line)).toEqual({ header: ['0', 'v', inHeader(product), '1', 'id', inHeader(name), '3'], extension: { first: kept(first), second: kept(second), last: 'x' } });
      }),
    );
  });

  it.each(['', 'a b', 'a=b', 'ä', 'a|b', 'a\n'])('has no key %j', (key) => {
    expect(() => cefLine({ vendor: 'v', product: 'p', version: '1', signatureId: 's', name: 'n', severity: 1, extension: { [key]: 'x' } })).toThrow('letters and digits');
  });
});
