import { describe, expect, it } from 'vitest';
import { HEAD_BYTES, looksLikeLetter, mayBeReadForLetters, mayHoldUndeclared, placeOf, UndeclaredTally } from './undeclared.js';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const LETTER = 'Received: from mx.example.org\r\n\tby mail.example.com; Tue, 24 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@example.org>\r\nFrom: a@example.org\r\nTo: b@example.com\r\nSubject: hello\r\n\r\nbody: of it\n';

describe('what looks like a letter', () => {
  it.each([
    ['a letter as it came', LETTER],
    ['one that its sender wrote and nobody carried yet', 'MIME-Version: 1.0\nMessage-ID: <2@example.org>\nFrom: a@example.org\nTo: b@example.com\n\n'],
    ['a mailbox', 'From a@example.org Tue Nov 24 10:00:00 2026\nFrom: a@example.org\nTo: b@example.com\nDate: Tue, 24 Nov 2026 10:00:00 +0000\nSubject: hello\n\nbody'],
    ['one that a filter put aside', `X-Envelope-From: <a@example.org>\nX-Envelope-To: <b@example.com>\nX-Quarantine-ID: <x>\n${LETTER}`],
    ['one whose head is longer than what is read', `${LETTER.split('\r\n\r\n')[0]}\r\nX-Long: ${'x'.repeat(HEAD_BYTES)}`.slice(0, HEAD_BYTES)],
    ['one that is cut in the middle of a name', `${LETTER.split('\r\n\r\n')[0]}\r\n${'X-Pad: y\r\n'.repeat(HEAD_BYTES)}`.slice(0, HEAD_BYTES - 3) + 'X-C'],
  ])('is %s', (_what, text) => expect(looksLikeLetter(bytes(text))).toBe(true));

  it.each([
    ['nothing', ''],
    ['settings with such words', 'from: root@localhost\nto: admin@localhost\nsubject: report\ndate: now\n'],
    ['a patch', 'From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\nFrom: A <a@example.org>\nDate: Tue, 24 Nov 2026 10:00:00 +0000\nSubject: [PATCH] x\nTo: b@example.com\n\n'],
    ['the head of a web request', 'HTTP/1.1 200 OK\nDate: x\nFrom: y\nTo: z\nMessage-ID: q\nSubject: a\n\n'],
    ['a text that speaks of letters', 'A letter has these fields:\nReceived: x\nMessage-ID: y\nFrom: z\nTo: q\n'],
    ['a log of a mail server', 'Nov 24 10:00:00 mx postfix/cleanup[1]: A1: message-id=<1@example.org>\n'],
    ['bytes of a program', `${LETTER.slice(0, 60)}\0${LETTER}`],
    ['a letter behind a short other text', `note\n${LETTER}`],
    ['one field of a letter again and again', 'Received: a\nReceived: b\nReceived: c\nReceived: d\nFrom: a\n\n'],
  ])('is not %s', (_what, text) => expect(looksLikeLetter(bytes(text))).toBe(false));
});

describe('where is looked', () => {
  it('tells a place by a folder of the system alone', () => {
    expect(placeOf('/var/lib/anna/x')).toBe('/var/lib');
    expect(placeOf('/var/library/x')).toBe('/var');
    expect(placeOf('/home/anna/x')).toBe('/home');
    expect(placeOf('/anna/secret')).toBe('other');
  });

  it("enters neither the kernel's trees nor containers, and reads nothing of persons and packages", () => {
    expect(['/proc', '/proc/1', '/sys/x', '/run/user', '/var/lib/docker/overlay2'].map(mayHoldUndeclared)).toEqual([false, false, false, false, false]);
    expect(['/', '/processes', '/var', '/home/anna'].map(mayHoldUndeclared)).toEqual([true, true, true, true]);
    expect(['/home/anna/x', '/usr/share/doc/x', '/srv/app/node_modules/mail/x.eml', '/opt/x/test/letter.eml'].map(mayBeReadForLetters)).toEqual([false, false, false, false]);
    expect(['/tmp/x', '/srv/export/x.eml', '/var/tmp/latest/x'].map(mayBeReadForLetters)).toEqual([true, true, true]);
  });
});

describe('what a look adds up', () => {
  it('is counts by kind and place, in one order, and no path', () => {
    const tally = new UndeclaredTally();
    tally.add('mail-like', { path: '/var/tmp/anna', size: 10, mtimeMs: 5_000.4 });
    tally.add('account-files', { path: '/var/lib/x/y', size: 1, mtimeMs: 1_000 });
    tally.add('mail-like', { path: '/var/tmp/bert', size: 5, mtimeMs: 2_000 });
    expect(tally.list()).toEqual([
      { kind: 'account-files', place: '/var/lib', items: 1, bytes: 1, newestAt: '1970-01-01T00:00:01.000Z' },
      { kind: 'mail-like', place: '/var/tmp', items: 2, bytes: 15, newestAt: '1970-01-01T00:00:05.000Z' },
    ]);
  });
});
