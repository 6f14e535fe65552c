import { checkpoint, SIGNING_CONTEXTS, type Checkpoint } from '@mailwarden/contracts';
import { canonicalJson, signDocument, uuidOf, type Instant, type Sha256, type SignedDocument, type Signer } from '@mailwarden/kernel';
import { appendLeaf, leafHash, rootHash, tilesOf, type TreeState } from '@mailwarden/ledger';
import type { Tracer } from '@mailwarden/tracing';
import type { DataSource, EntityManager } from 'typeorm';
import type { EventOutbox } from '../say-event/event-outbox.js';
import { continuityFlaw } from './continuity.js';
import type { WitnessedHead } from './witnessed-head.js';
import { completedBy, consistencyFromNodes, nodeKey, nodesForConsistency, nodesForProof, proofFromNodes } from './tree-nodes.js';

/** A document that the ledger keeps. Privacy: holds no personal data; the senders see to it and the contracts say so. */
export interface LedgerEntry {
  readonly kind: string;
  /** What an auditor looks it up by, as an order's id. */
  readonly reference: string;
  readonly document: unknown;
  readonly at: Instant;
}

export type SignedCheckpoint = SignedDocument<Checkpoint>;

/** Where a document stands in the ledger, and how anyone can check it. */
export interface LedgerProof {
  readonly leafIndex: number;
  readonly leafHash: Sha256;
  readonly inclusion: Sha256[];
  readonly checkpoint: SignedCheckpoint;
}

interface HeadRow {
  readonly size: string;
  readonly peaks: readonly Sha256[];
}

async function lockHead(tx: EntityManager): Promise<TreeState> {
  const [row] = await tx.query<HeadRow[]>(`SELECT size, peaks FROM reporting.ledger_head FOR UPDATE`);
  if (row === undefined) throw new Error('the ledger has no head: the migration did not finish');
  return { size: Number(row.size), peaks: row.peaks };
}

/** Raised before anything is signed: the log is not the one that others have heard of. */
export class LedgerRewritten extends Error {
  constructor(readonly flaw: string) {
    super(`the ledger does not go on from what was signed: ${flaw}`);
    this.name = 'LedgerRewritten';
  }
}

/** The append-only Merkle log of receipts, decisions and statements. */
export class LedgerBook {
  constructor(
    private readonly dataSource: DataSource,
    private readonly signer: Signer,
    private readonly events: EventOutbox,
    private readonly witnessed: Pick<WitnessedHead, 'newest'>,
    private readonly tracer: Tracer,
  ) {}

  /** Appends a document once and returns its index; the same document again keeps its first place. */
  append(tx: EntityManager, entry: LedgerEntry): Promise<number> {
    return this.tracer.span({ name: 'append to the ledger', kind: 'internal', facts: { 'mailwarden.outcome': entry.kind } }, async (add) => {
      const index = await this.#append(tx, entry);
      add({ 'mailwarden.entry': String(index) });
      return index;
    });
  }

  async #append(tx: EntityManager, entry: LedgerEntry): Promise<number> {
    const head = await lockHead(tx);
    const leaf = leafHash(Buffer.from(canonicalJson(entry.document)));
    const [kept] = await tx.query<{ index: string }[]>(`SELECT index FROM reporting.ledger_entry WHERE leaf_hash = $1`, [leaf]);
    if (kept !== undefined) return Number(kept.index);
    await tx.query(`INSERT INTO reporting.ledger_entry (index, kind, reference, leaf_hash, appended_at, document) VALUES ($1, $2, $3, $4, $5, $6)`, [
      head.size,
      entry.kind,
      entry.reference,
      leaf,
      entry.at,
      JSON.stringify(entry.document),
    ]);
    await tx.query(`INSERT INTO reporting.ledger_node (level, index, hash) SELECT n.level, n.index, n.hash FROM jsonb_to_recordset($1::jsonb) AS n(level smallint, index bigint, hash text)`, [
      JSON.stringify(completedBy(head.size, head.peaks, leaf)),
    ]);
    const grown = appendLeaf(head, leaf);
    await tx.query(`UPDATE reporting.ledger_head SET size = $1, peaks = $2`, [grown.size, JSON.stringify(grown.peaks)]);
    return head.size;
  }

  /**
   * Signs the head of the log when it has grown, and announces it as a witness.
   * Safety: a head once signed is never signed otherwise; several instances take turns by the head's lock.
   * Errors: LedgerRewritten when the log does not go on from the newest head that others have heard of; nothing is signed then.
   */
  async sign(at: Instant): Promise<SignedCheckpoint | null> {
    const witnessed = await this.witnessed.newest();
    const signed = await this.dataSource.transaction(async (tx) => {
      const head = await lockHead(tx);
      await this.#requireContinuity(witnessed, head);
      const [newest] = await tx.query<{ size: string; at: Instant }[]>(`SELECT size, document #>> '{payload,at}' AS at FROM reporting.checkpoint ORDER BY size DESC LIMIT 1`);
      if (head.size === 0 || Number(newest?.size ?? 0) === head.size) return null;
      // Evidence of a period goes by the times of heads: none is earlier than the one before, whatever the clocks of instances say.
      const signedAt = newest !== undefined && newest.at > at ? newest.at : at;
      const document = signDocument<Checkpoint>(this.signer, SIGNING_CONTEXTS.checkpoint, { schema: 'mailwarden/checkpoint/v1', size: head.size, rootHash: rootHash(head), at: signedAt });
      await tx.query(`INSERT INTO reporting.checkpoint (size, document) VALUES ($1, $2)`, [head.size, JSON.stringify(document)]);
      const { payload, keyId, signature } = document;
      await this.events.raise(tx, 'ledger.checkpoint', {
        id: uuidOf('checkpoint', String(payload.size), payload.rootHash),
        server: 'fleet',
        severity: 'info',
        at: payload.at,
        detail: { size: payload.size, rootHash: payload.rootHash, keyId, signature },
      });
      return document;
    });
    if (signed !== null) this.events.kick();
    return signed;
  }

  async #requireContinuity(witnessed: Pick<SignedCheckpoint, 'payload'> | null, head: TreeState): Promise<void> {
    const flaw = witnessed === null ? null : await continuityFlaw(witnessed.payload, head, (wanted) => this.#hashesOf(wanted));
    if (flaw !== null) throw new LedgerRewritten(flaw);
  }

  async newestCheckpoint(): Promise<SignedCheckpoint | null> {
    const [row] = await this.dataSource.query<{ document: SignedCheckpoint }[]>(`SELECT document FROM reporting.checkpoint ORDER BY size DESC LIMIT 1`);
    return row === undefined ? null : { ...row.document, payload: checkpoint.parse(row.document.payload) };
  }

  /** Proof that the log which had so many entries is the beginning of the one that was signed. Null where that one had fewer. Errors: rejects when the ledger lacks what it is made of. */
  async consistency(oldSize: number, against: SignedCheckpoint): Promise<Sha256[] | null> {
    const { size } = against.payload;
    return oldSize > size ? null : this.consistencyBetween(oldSize, size);
  }

  /** The same between any two sizes that the log had. */
  async consistencyBetween(oldSize: number, size: number): Promise<Sha256[]> {
    return consistencyFromNodes(oldSize, size, await this.#hashesOf(nodesForConsistency(oldSize, size)));
  }

  /** Roots of the perfect subtrees of the log when it had so many entries, largest first: all that is needed to go on from there. Errors: throws RangeError when the ledger lacks one. */
  async frontier(size: number): Promise<Sha256[]> {
    const tiles = tilesOf(0, size);
    const hashOf = await this.#hashesOf(tiles);
    return tiles.map(({ level, index }) => {
      const hash = hashOf(level, index);
      if (hash === undefined) throw new RangeError(`the ledger lacks the subtree ${nodeKey(level, index)}`);
      return hash;
    });
  }

  async #hashesOf(wanted: readonly { readonly level: number; readonly index: number }[]): Promise<(level: number, index: number) => Sha256 | undefined> {
    const rows = await this.dataSource.query<{ level: number; index: string; hash: Sha256 }[]>(
      `SELECT n.level, n.index, n.hash FROM reporting.ledger_node n JOIN unnest($1::smallint[], $2::bigint[]) AS w(level, index) ON n.level = w.level AND n.index = w.index`,
      [wanted.map((node) => node.level), wanted.map((node) => node.index)],
    );
    const hashes = new Map(rows.map((row) => [nodeKey(row.level, Number(row.index)), row.hash]));
    return (level, index) => hashes.get(nodeKey(level, index));
  }

  /** Proofs of entries against one checkpoint; entries that it does not cover have none yet. */
  async proofs(indexes: readonly number[], against: SignedCheckpoint | null): Promise<ReadonlyMap<number, LedgerProof>> {
    const proofs = new Map<number, LedgerProof>();
    if (against === null) return proofs;
    const { size } = against.payload;
    const covered = indexes.filter((index) => index < size);
    const hashOf = await this.#hashesOf(covered.flatMap((index) => [{ level: 0, index }, ...nodesForProof(index, size)]));
    for (const index of covered) {
      const leaf = hashOf(0, index);
      if (leaf === undefined) throw new RangeError(`the ledger lacks its entry ${index}`);
      proofs.set(index, { leafIndex: index, leafHash: leaf, inclusion: proofFromNodes(index, size, hashOf), checkpoint: against });
    }
    return proofs;
  }
}
