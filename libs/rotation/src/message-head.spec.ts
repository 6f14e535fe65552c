import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mailMoment, readMessageHead } from './message-head.js';

const letter = (...lines: string[]): string => `${lines.join('\r\n')}\r\n\r\nbody`;

describe('the head of a message', () => {
  it('tells when it was taken in by its topmost Received, folded or not', () => {
    const head = letter('Received: from a by b (8.1; odd)', '\twith ESMTP id 1; Tue, 24 Nov 2026 10:00:05 +0100', 'Received: from x by y; Mon, 23 Nov 2026 09:00:00 +0000', 'Subject: hello');
    expect(readMessageHead(head)).toEqual({ receivedMs: Date.UTC(2026, 10, 24, 9, 0, 5), messageIds: [], complete: true });
  });
  it('tells every Message-ID that it gives itself', () => {
    expect(readMessageHead(letter('message-id:', ' <one@host>', 'X: 1', 'Message-ID: <two@host> <three@host>')).messageIds).toEqual(['one@host', 'two@host', 'three@host']);
    expect(readMessageHead(letter('Message-ID: bare')).messageIds).toEqual(['bare']);
  });
  it('takes nothing from the body, and says when the headers were not seen to their end', () => {
    expect(readMessageHead('Subject: x\n\nMessage-ID: <in-body@host>\n')).toEqual({ receivedMs: null, messageIds: [], complete: true });
    expect(readMessageHead('Subject: x\nMessage-ID: <cut')).toMatchObject({ messageIds: [], complete: false });
    expect(readMessageHead('From sender Tue Nov 24\nMessage-ID: <m@box>\n\n')).toMatchObject({ messageIds: ['m@box'], complete: true });
  });
  it('survives whatever it is given', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => void readMessageHead(text)));
    expect(readMessageHead('Message-ID: '.concat('<'.repeat(60_000), '\n\n')).complete).toBe(true);
  });
});

describe('a moment in mail', () => {
  it.each([
    ['Tue, 24 Nov 2026 10:00:05 -0500 (EST)', Date.UTC(2026, 10, 24, 15, 0, 5)],
    ['1 Jan 2026 00:00 GMT', Date.UTC(2026, 0, 1)],
    ['31 Feb 2026 10:00:00 +0000', null],
    ['24 Nov 2026 25:00:00 +0000', null],
    ['24 Nov 2026 10:00:00 XYZ', null],
    ['yesterday', null],
  ])('%s', (text, ms) => {
    expect(mailMoment(text)).toBe(ms);
  });
});
