import { generateKeyPairSync } from 'node:crypto';
import { MESSAGE_TYPES, sealEnvelope, SIGNING_CONTEXTS, subjects, type RotationOrder, type SignedReceipt, type TrustAnchors } from '@mailwarden/contracts';
import { instantOf, sha256, signDocument, signerFromPem } from '@mailwarden/kernel';
import type { AgentBus } from '@mailwarden/messaging';
import type { Logger } from '@mailwarden/observability';
import { openTracer } from '@mailwarden/tracing';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AgentSettings } from '../agent-settings.js';
import { AwaitedAccounts } from './awaited-accounts.js';
import type { ExecutorDesk } from './executor-desk.js';
import { OrderTaker } from './order-taker.js';

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined } as unknown as Logger;
const ID = '0198f000-0000-7000-8000-000000000001';
const signer = signerFromPem(generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }) as string);
const order = { schema: 'mailwarden/rotation-order/v1', id: ID, server: 'mx-1', profile: 'gate', store: 'backup', policy: { name: 'cap', version: sha256('cap') }, watermarks: [{ kind: 'bytes', limit: 10, target: 5 }], clock: 'modified', keep: { newest: 0, youngerThanSeconds: 0 }, bounds: { items: 1, bytes: 1, percent: 1, deadlineSeconds: 60 }, holds: [], issuedAt: instantOf(0), expiresAt: instantOf(1) } as unknown as RotationOrder;
const envelope = sealEnvelope(signer, { id: ID, source: 'mailwarden/rotation', type: MESSAGE_TYPES.order, time: order.issuedAt, subject: subjects.order('mx-1' as never), sequence: 0, data: signDocument(signer, SIGNING_CONTEXTS.order, order) });

describe('an order that is taken', () => {
  let disk: Map<string, Uint8Array>;
  let accounts: AwaitedAccounts;
  /** What happens when the executor was asked, and when its account is sent. */
  let run: () => Promise<{ ok: boolean }>;
  let send: () => Promise<void>;

  const openAccounts = (): Promise<AwaitedAccounts> => AwaitedAccounts.open({ keepOver: (key: string, bytes: Uint8Array) => Promise.resolve(void disk.set(key, bytes)), read: (key: string) => Promise.resolve(disk.get(key) ?? null) }, SILENT);
  const awaitedAfterRestart = async (): Promise<string[]> => (await openAccounts()).all().map(({ id }) => id);

  /** Takes the order once, and says what the broker was told. */
  async function take(): Promise<string[]> {
    const told: string[] = [];
    const say = (word: string) => () => Promise.resolve(void told.push(word));
    const bus = { takeOrders: (handle: Parameters<AgentBus['takeOrders']>[0]) => handle(Buffer.from(JSON.stringify(envelope)), { ack: say('ack'), retry: say('retry'), terminate: say('terminate'), working: say('working') }) } as unknown as AgentBus;
    const taker = new OrderTaker({ server: 'mx-1' } as unknown as AgentSettings, { rotation: signer.publicKey } as unknown as TrustAnchors, { desk: { run: () => run() } as unknown as ExecutorDesk, receipts: { send: () => send() }, accounts }, SILENT, await openTracer({ service: 'suite', endpoint: undefined, ratio: 0, onFailure: () => undefined }));
    await taker.follow(bus);
    return told;
  }

  beforeEach(async () => {
    disk = new Map();
    accounts = await openAccounts();
    run = () => Promise.resolve({ ok: true, value: { payload: { order: ID } } as SignedReceipt });
    send = () => Promise.resolve();
  });

  it('is known on disk from before the executor is asked until its account is there', async () => {
    const seen: string[][] = [];
    run = async () => {
      seen.push(await awaitedAfterRestart());
      return { ok: true, value: { payload: {} } };
    };
    send = async () => void seen.push(await awaitedAfterRestart());
    expect(await take()).toEqual(['ack']);
    expect(seen).toEqual([[ID], [ID]]);
    expect(await awaitedAfterRestart()).toEqual([]);
  });

  it('stays known when its account could not be kept, and comes again', async () => {
    send = () => Promise.reject(new Error('the spool is full'));
    expect(await take()).toEqual(['retry']);
    expect(await awaitedAfterRestart()).toEqual([ID]);
    run = () => Promise.resolve({ ok: false, error: 'the executor ended with no receipt' });
    expect(await take()).toEqual(['retry']);
    expect(await awaitedAfterRestart()).toEqual([ID]);
  });
});
