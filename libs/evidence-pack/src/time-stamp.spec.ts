import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keptFrom } from './kept-from.js';
import { timeStampOf, timeStampRequest, tokenOf } from './time-stamp.js';

const IMPRINT = 'ab'.repeat(32);
const TST_INFO = '060b2a864886f70d0109100104';
/** The content of a token by hand: version, policy, what was stamped, serial number, time, nonce. */
const info = (imprint = IMPRINT, nonce = '02020507'): string => {
  const body = `02010106022a033031300d060960864801650304020105000420${imprint}020101180f32303236313132393231303030305a${nonce}`;
  return `30${(body.length / 2).toString(16).padStart(2, '0')}${body}`;
};
const token = (content = info()): Buffer => {
  const octets = `04${(content.length / 2).toString(16).padStart(2, '0')}${content}`;
  return Buffer.from(`${TST_INFO}a0${(octets.length / 2).toString(16).padStart(2, '0')}${octets}`, 'hex');
};
const answer = (status: number, of = token()): Buffer => {
  const body = Buffer.concat([Buffer.from([0x30, 3, 2, 1, status]), of]);
  return Buffer.concat([Buffer.from([0x30, 0x81, body.length]), body]);
};
const asked = { imprint: IMPRINT, nonce: Buffer.from('0507', 'hex') };

describe('a time stamp', () => {
  it('is read: what was stamped, when, and which question it answers', () => {
    expect(timeStampOf(token())).toEqual({ imprint: IMPRINT, at: '2026-11-29T21:00:00Z', nonce: '0507' });
    expect(tokenOf(answer(0), asked)).toMatchObject({ at: '2026-11-29T21:00:00Z' });
  });

  it.each<[string, Buffer, RegExp]>([
    ['refused', answer(2), /status 2/],
    ['of something else', answer(0, token(info('cd'.repeat(32)))), /something else/],
    ['an answer to another question', answer(0, token(info(IMPRINT, '02020508'))), /another question/],
    ['without a question', answer(0, token(info(IMPRINT, ''))), /another question/],
    ['no time stamp', answer(0, Buffer.alloc(0)), /no time stamp/],
    ['cut', answer(0).subarray(0, 20), /no time stamp/],
  ])('is not taken where it is %s', (_what, bytes, words) => expect(() => tokenOf(bytes, asked)).toThrow(words));

  it('is asked for in DER of one form: a nonce is a positive number without a leading zero', () => {
    expect(timeStampRequest(IMPRINT, Buffer.from('80ff', 'hex')).toString('hex')).toBe(`303d0201013031300d060960864801650304020105000420${IMPRINT}020201ff0101ff`);
    expect(timeStampRequest(IMPRINT, Buffer.from('0507', 'hex')).toString('hex')).toContain('02020507');
  });

  it('throws nothing at whoever reads rubbish', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        const bad = Buffer.concat([Buffer.from('30', 'hex'), Buffer.from(TST_INFO, 'hex'), bytes]);
        expect([null, 'object']).toContain(timeStampOf(bad) === null ? null : 'object');
        expect(() => keptFrom(bad)).not.toThrow();
        expect(() => tokenOf(bad, asked)).toThrow(Error);
      }),
    );
  });
});
