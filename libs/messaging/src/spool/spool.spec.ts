import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyPairSync } from 'node:crypto';
import { MESSAGE_BYTES_MAX } from '@mailwarden/contracts';
import { signerFromPem } from '@mailwarden/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSpool, type Spool } from './spool.js';

describe('the spool and messages that nobody would take', () => {
  let dir: string;
  let spool: Spool;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'mailwarden-spool-'));
    const signer = signerFromPem(generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }) as string);
    spool = await openSpool({ dir, bytesMax: 10_000_000, signer, source: 'mailwarden/agent/mx-1' });
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

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
});
