import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyPairSync } from 'node:crypto';
import { MESSAGE_BYTES_MAX } from '@mailwarden/contracts';
import { signerFromPem } from '@mailwarden/kernel';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openSpool, type Spool } from './spool.js';

/** What reading a message answers in place of its bytes; null for its bytes. */
let failing: string | null = null;
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const readFile = (path: string, ...rest: unknown[]): unknown => (failing !== null && path.endsWith('.evidence') ? Promise.reject(Object.assign(new Error(failing), { code: failing })) : (real.readFile as (...given: unknown[]) => unknown)(path, ...rest));
  return { ...real, readFile };
});

describe('the spool', () => {
  let dir: string;
  let spool: Spool;
  let open: () => Promise<Spool>;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'mailwarden-spool-'));
    const signer = signerFromPem(generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }) as string);
    open = () => openSpool({ dir, bytesMax: 10_000_000, signer, source: 'mailwarden/agent/mx-1' });
    spool = await open();
  });
  afterEach(() => {
    failing = null;
    return rm(dir, { recursive: true, force: true });
  });

  const say = (data: unknown, kind: 'evidence' | 'measurement' = 'measurement'): Promise<void> => spool.append({ class: kind, subject: 'mw.observation.mx-1', type: 'mailwarden.store.observed.v1', data });

  it('refuses one before it takes a number, so that those behind it still go out without a gap', async () => {
    await say('first');
    for (const kind of ['evidence', 'measurement'] as const) await expect(say('x'.repeat(MESSAGE_BYTES_MAX), kind)).rejects.toThrow('the limit is');
    await say('second');
    const sequences: number[] = [];
    await spool.drain(({ bytes }) => {
      sequences.push((JSON.parse(Buffer.from(bytes).toString('utf8')) as { sequence: number }).sequence);
      return Promise.resolve();
    });
    expect(sequences).toEqual([1, 2]);
    expect(spool.status()).toEqual({ messages: 0, bytes: 0, lost: 0 });
  });

  it.each(['', '\0\0\0\0', '{}', 'null', '{"sequence":"7","lost":0}', '{"sequence":1e400,"lost":0}'])('gives no number twice when its counters say %j and nothing waits', async (garbled) => {
    const sequences: number[] = [];
    const drain = (): Promise<void> => spool.drain(({ bytes }) => {
      sequences.push((JSON.parse(Buffer.from(bytes).toString('utf8')) as { sequence: number }).sequence);
      return Promise.resolve();
    });
    for (let times = 0; times < 3; times += 1) await say('before', 'evidence');
    await drain();
    await writeFile(join(dir, 'counters.json'), garbled);
    spool = await open();
    for (let times = 0; times < 3; times += 1) await say('after', 'evidence');
    await drain();
    expect(sequences).toHaveLength(6);
    expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => a - b));
  });

  it.each(['EMFILE', 'EIO', 'EACCES', 'ENOMEM'])('keeps what a reading that fails with %s could not tell, sends the others meanwhile, and it when it can be read', async (code) => {
    await say('told once', 'evidence');
    await say('behind it');
    await say('behind it too');
    const sent: string[] = [];
    const drain = (): Promise<void> => spool.drain(({ bytes }) => Promise.resolve(void sent.push(String((JSON.parse(Buffer.from(bytes).toString('utf8')) as { data: string }).data))));
    failing = code;
    for (let times = 0; times < 2; times += 1) await expect(drain()).rejects.toThrow(code);
    failing = null;
    expect(sent).toEqual(['behind it', 'behind it too']);
    expect(spool.status()).toMatchObject({ messages: 1, lost: 0 });
    await drain();
    expect(sent).toEqual(['behind it', 'behind it too', 'told once']);
    expect(spool.status()).toEqual({ messages: 0, bytes: 0, lost: 0 });
  });

  it.each(['', '{ half', 'null', '{"id":1,"subject":"x"}'])('gives up what lies there as %j: it is no message, and holds up the others', async (garbled) => {
    await say('first', 'evidence');
    await writeFile(join(dir, '0000000000000001.evidence'), garbled);
    await say('second', 'evidence');
    let sent = 0;
    await spool.drain(() => Promise.resolve(void (sent += 1)));
    expect(sent).toBe(1);
    expect(spool.status()).toEqual({ messages: 0, bytes: expect.any(Number), lost: 1 });
  });
});
