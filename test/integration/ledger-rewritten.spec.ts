import { SIGNING_CONTEXTS, type Checkpoint } from '@mailwarden/contracts';
import { loadSigner } from '@mailwarden/identity';
import { canonicalJson, instantOf, signDocument, type Sha256 } from '@mailwarden/kernel';
import { appendLeaf, EMPTY_TREE, leafHash, rootHash } from '@mailwarden/ledger';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { completedBy } from '../../apps/reporting-service/src/append-evidence/tree-nodes.js';
import { eventually } from './control-plane.js';
import { EvidenceServices, type SignedHead } from './evidence-services.js';
import { byCommand, byOneFile } from './evidence-verdicts.js';

const SETTLE_MS = 120_000;
/** Long enough for several heads to be signed, had they been. Units: milliseconds. */
const SIGNING_ROUNDS_MS = 6_000;

const DELETED = { items: 4, bytes: 2_000 };

let services: EvidenceServices;
let kept: SignedHead;

interface Entry {
  readonly index: number;
  readonly document: unknown;
}

/** Does to the ledger what somebody can who rules the database: changes an entry and makes everything fit again, but for what the key signs. */
async function rewrite(index: number, change: (document: Record<string, unknown>) => unknown): Promise<{ rootHash: Sha256; size: number }> {
  const { plane } = services.doors;
  const rows = (await plane.sql<{ index: string; document: Record<string, unknown> }>(`SELECT index, document FROM reporting.ledger_entry ORDER BY index`)).map((row): Entry => ({ index: Number(row.index), document: Number(row.index) === index ? change(row.document) : row.document }));
  let tree = EMPTY_TREE;
  await plane.sql(`DELETE FROM reporting.ledger_node`);
  for (const { index: place, document } of rows) {
    const leaf = leafHash(Buffer.from(canonicalJson(document)));
    for (const node of completedBy(tree.size, tree.peaks, leaf)) await plane.sql(`INSERT INTO reporting.ledger_node (level, index, hash) VALUES ($1, $2, $3)`, [node.level, node.index, node.hash]);
    await plane.sql(`UPDATE reporting.ledger_entry SET document = $2, leaf_hash = $3 WHERE index = $1`, [place, JSON.stringify(document), leaf]);
    tree = appendLeaf(tree, leaf);
  }
  await plane.sql(`UPDATE reporting.ledger_head SET size = $1, peaks = $2`, [tree.size, JSON.stringify(tree.peaks)]);
  return { rootHash: rootHash(tree), size: tree.size };
}

const newestSigned = async (): Promise<number> => Number((await services.doors.plane.sql<{ size: string }>(`SELECT max(size) AS size FROM reporting.checkpoint`))[0]?.size ?? 0);
const alarms = (): Promise<{ state: string; message: string }[]> => services.doors.plane.sql(`SELECT state, message FROM reporting.finding WHERE code = 'ledger-rewritten'`);

beforeAll(async () => {
  services = await EvidenceServices.start(['mx-1', 'mx-2']);
  await services.rotate('mx-1');
  await services.decide();
}, SETTLE_MS);
afterAll(() => services?.close());

describe('a ledger that is rewritten by who rules the database', () => {
  it('is named against one old head, also by a pack that its key sealed', async () => {
    kept = await services.head();
    const checkpoint = await services.write('kept.json', JSON.stringify(kept));
    const honest = await services.export();
    expect(await byCommand(services.doors, honest, { checkpoint })).toMatchObject({ holds: true, continues: kept.payload.size });
    const before = await services.doors.plane.sql<{ index: string; document: { payload?: { deleted: { items: number } } } }>(`SELECT index, document FROM reporting.ledger_entry WHERE kind = 'receipt'`);
    const target = Number(before[0]?.index);
    const forged = await rewrite(target, (document) => ({ ...document, payload: { ...(document['payload'] as object), deleted: { items: 0, bytes: 0 } } }));
    // Even with the key of the reporting service: every head is signed anew.
    const signer = await loadSigner(services.doors.plane.nats.identity.services.reporting.signingKey);
    const head = signDocument<Checkpoint>(signer, SIGNING_CONTEXTS.checkpoint, { schema: 'mailwarden/checkpoint/v1', ...forged, at: instantOf(Date.now()) });
    await services.doors.plane.sql(`DELETE FROM reporting.checkpoint`);
    await services.doors.plane.sql(`INSERT INTO reporting.checkpoint (size, document) VALUES ($1, $2)`, [head.payload.size, JSON.stringify(head)]);
    const pack = await services.export();
    for (const verdict of [await byCommand(services.doors, pack, { checkpoint }), await byOneFile(pack, { checkpoint })]) {
      expect(verdict.problems.map(({ message }) => message).join('\n')).toMatch(new RegExp(`was rewritten: it does not go on from the ${kept.payload.size} entries`));
    }
  }, SETTLE_MS);

  it('stops the signing, and is a finding, until the database is what it was', async () => {
    const signed = await newestSigned();
    await services.rotate('mx-2');
    await services.doors.plane.settled('reporting-evidence');
    const [alarm] = await eventually('an alarm', async () => { const found = await alarms(); return found.length > 0 ? found : undefined; });
    expect(alarm).toMatchObject({ state: 'open', message: expect.stringContaining('are not those that were signed') });
    expect((await services.doors.plane.said<unknown>('EVENTS', 'mw.event.finding.opened.critical.fleet')).length).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, SIGNING_ROUNDS_MS));
    expect(await newestSigned()).toBe(signed);
  }, SETTLE_MS);

  it('is signed again, and the finding closes, once the database is what it was', async () => {
    const { plane } = services.doors;
    const [receipt] = await plane.sql<{ index: string }>(`SELECT index FROM reporting.ledger_entry WHERE kind = 'receipt' ORDER BY index LIMIT 1`);
    await rewrite(Number(receipt?.index), (document) => ({ ...document, payload: { ...(document['payload'] as object), deleted: DELETED } }));
    await plane.sql(`DELETE FROM reporting.checkpoint`);
    await eventually('the finding closes', async () => ((await alarms())[0]?.state === 'resolved' ? true : undefined));
    expect(await newestSigned()).toBeGreaterThan(0);
    const pack = await services.export();
    expect(await byCommand(services.doors, pack, { checkpoint: await services.write('kept.json', JSON.stringify(kept)) })).toMatchObject({ holds: true, continues: kept.payload.size });
  }, SETTLE_MS);

  it('stops the signing also where it lost its last entries, as a database does that was brought back from an old copy', async () => {
    const { plane } = services.doors;
    await services.head();
    const [{ size } = { size: 0 }] = await plane.sql<{ size: number }>(`SELECT size FROM reporting.ledger_head`);
    await plane.sql(`DELETE FROM reporting.ledger_entry WHERE index >= $1`, [Number(size) - 2]);
    await rewrite(-1, (document) => document);
    await eventually('an alarm', async () => ((await alarms()).some(({ state, message }) => state === 'open' && message.includes(`has ${Number(size) - 2} entries, and had ${size}`)) ? true : undefined));
  }, SETTLE_MS);
});
