import { hash } from 'node:crypto';
import { MESSAGE_TYPES, sealEnvelope, subjects } from '@mailwarden/contracts';
import { loadSigner } from '@mailwarden/identity';
import { canonicalJson, instantOf, sha256 } from '@mailwarden/kernel';
import { GrowingTree, leafHashOfText } from '@mailwarden/ledger';
import { connectBus, ensureTopology, publishDurable } from '@mailwarden/messaging';
import { openDataSource } from '@mailwarden/persistence';
import { startNats, startPostgres } from '@mailwarden/testing';
import { openTracer } from '@mailwarden/tracing';
import { LedgerBook } from '../apps/reporting-service/dist/append-evidence/ledger-book.js';
import { CreateReadModels1764000000001 } from '../apps/reporting-service/dist/schema/create-read-models.migration.js';
import { compare, report, reportValues } from './compare.ts';

const ENTRIES = 1_000_000;
const ROUNDS = 5;
const APPENDED = 1_000;
const APPEND_ROUNDS = 3;

/** What a receipt looks like in the ledger, as far as its size goes. */
const receiptOf = (index: number): Record<string, unknown> => ({
  payload: { schema: 'mailwarden/receipt/v1', order: sha256(`order ${index}`).slice(0, 36), server: `mx-${index % 100}`, profile: 'kaspersky-klms-8', store: 'backup', policy: 'limits', outcome: 'completed', reason: '', before: { items: index, bytes: index * 7_919 }, planned: { items: index % 97, bytes: index * 31, oldestAt: null, newestAt: null, digest: sha256(`plan ${index}`) }, deleted: { items: index % 97, bytes: index * 31 }, skipped: [], after: { known: true, value: { items: 1, bytes: 2 } }, resumed: false, startedAt: instantOf(1_700_000_000_000), finishedAt: instantOf(1_700_000_000_000 + index) },
  keyId: '0123456789abcdef',
  signature: sha256(`signature ${index}`),
});

/** Verification of a whole ledger, beside the SHA-256 of the same bytes. */
function benchVerification(): void {
  const entries = Array.from({ length: ENTRIES }, (_, index) => canonicalJson(receiptOf(index)));
  const bytes = entries.reduce((sum, entry) => sum + entry.length, 0);
  const figures = compare('ledger', [
    {
      name: 'SHA-256 of each entry',
      run: () => {
        for (const entry of entries) hash('sha256', entry);
        return { work: String(entries.length), peakMiB: null };
      },
    },
    {
      name: 'its place in the tree, and the root',
      run: () => {
        const tree = GrowingTree.empty();
        for (const entry of entries) tree.append(leafHashOfText(entry));
        return { work: tree.root() === '' ? '' : String(tree.size), peakMiB: null };
      },
    },
  ], ROUNDS);
  report('ledger', `${ENTRIES} entries of ${Math.round(bytes / ENTRIES)} bytes`, 'at most 2.00x of the raw hashing', figures);
}

/** Runs one after the other, each on disk before the next. Returns how many there were a second. */
async function perSecond(one: (index: number) => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  for (let index = 0; index < APPENDED; index += 1) await one(index);
  return (APPENDED * 1_000) / (performance.now() - startedAt);
}

const middle = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** Receipts into the ledger, each in a transaction of its own, beside the broker's own promise to keep as many. */
async function benchAppending(): Promise<void> {
  const [nats, postgres] = await Promise.all([startNats({ servers: ['mx-1'] }), startPostgres()]);
  const { services, certificates } = nats.identity;
  const bus = await connectBus({ url: nats.url, credsFile: services.reporting.creds, caFile: certificates.ca, name: 'bench' });
  const dataSource = await openDataSource({ url: postgres.url, passwordFile: postgres.passwordFile, schema: 'reporting', entities: [], migrations: [CreateReadModels1764000000001] });
  try {
    await ensureTopology(bus);
    const signer = await loadSigner(services.rotation.signingKey);
    const ledger = new LedgerBook(dataSource, signer, { raise: () => Promise.resolve(), kick: () => undefined } as never, { newest: () => Promise.resolve(null) }, await openTracer({ service: 'bench', endpoint: undefined, ratio: 0, onFailure: () => undefined }));
    const subject = subjects.evidence('rotation');
    const at = instantOf(1_700_000_000_000);
    const envelopes = Array.from({ length: APPENDED * APPEND_ROUNDS }, (_, index) => ({ id: `bench-${index}`, bytes: Buffer.from(JSON.stringify(sealEnvelope(signer, { id: `bench-${index}`, source: 'mailwarden/rotation', type: MESSAGE_TYPES.evidence, time: at, subject, sequence: index, data: receiptOf(index) }))) }));
    const [published, appended]: [number[], number[]] = [[], []];
    for (let round = 0; round < APPEND_ROUNDS; round += 1) {
      const from = round * APPENDED;
      published.push(await perSecond((index) => publishDurable(bus, { subject, ...(envelopes[from + index] ?? { id: '', bytes: Buffer.alloc(0) }) })));
      appended.push(await perSecond((index) => dataSource.transaction((tx) => ledger.append(tx, { kind: 'receipt', reference: String(from + index), document: receiptOf(from + index), at }))));
    }
    reportValues('ledger-append', `${APPENDED} receipts one after the other, each on disk before the next`, 'beside the broker that they come through', [
      { name: 'published to JetStream, always synced', value: middle(published), unit: '/s', ratio: 1 },
      { name: 'appended to the ledger', value: middle(appended), unit: '/s', ratio: middle(appended) / middle(published) },
    ]);
  } finally {
    await dataSource.destroy();
    await bus.close();
    await Promise.all([nats.stop(), postgres.stop()]);
  }
}

export async function benchLedger(): Promise<void> {
  benchVerification();
  await benchAppending();
}
