import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PacketFilter } from '../packet-filter.js';
import { errorOf } from './filter-error.js';
import { nftOf } from './run-nft.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mailwarden-nft-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function program(name: string, mode: number, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, mode);
  return path;
}

describe('the program nft', () => {
  it('that is not there is told, with what to install', async () => {
    const filter = new PacketFilter({ programs: [join(folder, 'none')], now: Date.now });
    const error = { code: 'program-missing', message: expect.stringContaining('apt-get install nftables') as string };
    expect(await filter.remove()).toEqual({ ok: false, error });
    expect(await filter.apply({ accounts: [1_000], flows: [], relays: [], resolvers: [] })).toEqual({ ok: false, error: { kind: 'filter', error } });
  });

  it('that others may change is not run', async () => {
    const path = program('open', 0o777, 'touch "$0.ran"');
    const answer = await nftOf([path])([], '');
    expect(answer).toMatchObject({ ok: false, error: { code: 'program-untrusted', message: `${path} is not run: others than root may change ${path}; give it back to root` } });
  });

  it('is looked for at each place', async () => {
    expect(await nftOf([join(folder, 'none'), program('answers', 0o755, 'cat')])([], 'given')).toEqual({ ok: true, value: 'given' });
  });

  it('that does not end is ended', async () => {
    expect(await nftOf([program('sleeps', 0o755, 'exec sleep 60')], 200)([], '')).toMatchObject({ ok: false, error: { code: 'too-slow' } });
  });

  it('that writes without end is ended', async () => {
    expect(await nftOf([program('writes', 0o755, 'exec cat /dev/zero')])([], '')).toMatchObject({ ok: false, error: { code: 'too-much' } });
  });

  it('that dies is told', async () => {
    const path = program('dies', 0o755, 'kill -SEGV $$');
    expect(await nftOf([path])([], '')).toEqual({ ok: false, error: { code: 'refused', message: `${path} refused what it was given (it was ended by SIGSEGV); nothing was changed` } });
  });

  it('gets nothing of our environment', async () => {
    const answer = await nftOf([program('shows', 0o755, 'exec /usr/bin/env')])([], '');
    expect(answer.ok && answer.value.split('\n').filter((line) => !/^(?:PWD|SHLVL|_|OLDPWD)=|^$/.test(line))).toEqual([]);
  });

  it.each([
    ['Operation not permitted (you must be root)\nnetlink: Error: cache initialization failed: Operation not permitted', 'no-right'],
    ['netlink: Error: cache initialization failed: Protocol not supported', 'no-kernel-support'],
    ['/dev/stdin:4:1-20: Error: Could not process rule: Operation not supported', 'no-kernel-support'],
    ['Unable to initialize Netlink socket: Protocol not supported', 'no-kernel-support'],
    ['Error: No such file or directory\nlist table inet mailwarden', 'no-table'],
    ['/dev/stdin:1:1-9: Error: Could not process rule: Too many open files in system', 'set-full'],
    ['/dev/stdin:1:1-9: Error: syntax error, unexpected newline', 'refused'],
    ['', 'refused'],
  ])('%j means %s', (said, code) => {
    expect(errorOf('/usr/sbin/nft', said)).toMatchObject({ code, message: expect.stringMatching(/\w/) as string });
  });
});
