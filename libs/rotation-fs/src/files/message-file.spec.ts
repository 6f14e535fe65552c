import { closeSync, mkdtempSync, openSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageDigest } from '@mailwarden/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { heldMessages, isHeldMessage, messageHeadOf } from './message-file.js';

let dir: string;
let fd: number;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mailwarden-message-'));
  fd = openSync(dir, 'r');
});
afterEach(() => {
  closeSync(fd);
  rmSync(dir, { recursive: true, force: true });
});

const write = (name: string, text: string) => {
  writeFileSync(join(dir, name), text, 'latin1');
  return statSync(join(dir, name));
};
const HOLD = { id: 'case', store: null, from: null, until: null, reason: 'a case' };
const held = heldMessages([{ ...HOLD, messages: [messageDigest('<wanted@host>')] }, HOLD]);

describe('a hold of single messages', () => {
  it('keeps the message that it names, and no other', () => {
    const head = (name: string, text: string) => messageHeadOf({ fd }, name, write(name, text));
    expect(isHeldMessage(head('a', 'Subject: x\r\nMessage-ID: <wanted@host>\r\n\r\nbody'), held)).toBe(true);
    expect(isHeldMessage(head('b', 'Message-ID: <other@host>\n\nMessage-ID: <wanted@host>\n'), held)).toBe(false);
    expect(isHeldMessage(head('only-headers', 'Subject: x\nMessage-ID: <wanted@host>'), held)).toBe(true);
  });
  it('keeps what cannot be understood: it may be the one', () => {
    const endless = write('endless', `Subject: ${'x'.repeat(300_000)}\n\n`);
    expect(isHeldMessage(messageHeadOf({ fd }, 'endless', endless), held)).toBe(true);
    expect(isHeldMessage(messageHeadOf({ fd }, 'gone', endless), held)).toBe(true);
    symlinkSync('endless', join(dir, 'link'));
    expect(messageHeadOf({ fd }, 'link', endless)).toBeNull();
    expect(messageHeadOf({ fd }, 'endless', { dev: 1, ino: 1 })).toBeNull();
  });
  it('keeps nothing where no hold names a message', () => {
    expect(isHeldMessage(null, heldMessages([HOLD]))).toBe(false);
  });
});
