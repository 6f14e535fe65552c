import type { Membership, TrustAnchors } from '@mailwarden/contracts';
import { PackSealer, type Leaf } from '@mailwarden/evidence-pack';
import { instantOf, type Sha256, type SignedDocument, type Signer } from '@mailwarden/kernel';
import type { ServiceQuestions } from '@mailwarden/messaging';
import type { DataSource } from 'typeorm';
import type { LedgerBook, SignedCheckpoint } from '../append-evidence/ledger-book.js';
import type { FleetRegister } from '../enrol-fleet/fleet-register.js';
import { ApiProblem } from '../http/api-problem.js';
import { answered } from '../http/service-answer.js';

/** How long the consent registry may take for one page. Units: milliseconds. */
const ANSWER_MS = 10_000;
/** Servers whose attestations are read at once. */
const SERVER_PAGE = 200;

interface EntryRow {
  readonly index: string;
  readonly reference: string;
  readonly document: unknown;
}

/** Puts together what an auditor takes along about one agreement: texts, decisions, what servers attested, and the proofs. */
export class EvidencePacks {
  constructor(
    private readonly parts: {
      readonly dataSource: DataSource;
      readonly ledger: LedgerBook;
      readonly register: FleetRegister;
      readonly questions: ServiceQuestions;
      readonly signer: Signer;
      readonly anchors: TrustAnchors;
    },
  ) {}

  /** The lines of a pack, one after the other; memory does not grow with the fleet. Errors: those of `answered`, and nothing was given out then. */
  async *ofAgreement(agreement: string, sinceSize: number | null): AsyncGenerator<string> {
    const { ledger, anchors, signer } = this.parts;
    const checkpoint = await ledger.newestCheckpoint();
    let page = await this.#decisions(agreement, null);
    const since = sinceSize === null || checkpoint === null ? null : await this.#since(sinceSize, checkpoint);
    const sealer = new PackSealer(signer);
    yield sealer.line({ line: 'manifest', schema: 'mailwarden/evidence-pack/v1', at: instantOf(Date.now()), agreement, title: page.title, anchors, checkpoint, ...(since === null ? {} : { since }) });
    for await (const text of this.#texts(agreement)) yield sealer.line({ line: 'text', text });
    for (;;) {
      const leaves = await this.#leaves(await this.#decided(page.decisions.map(({ id }) => id), checkpoint), checkpoint);
      for (const decision of page.decisions) yield sealer.line({ line: 'decision', decision, leaf: leaves.get(decision.id) ?? null });
      if (page.next === null) break;
      page = await this.#decisions(agreement, page.next);
    }
    for (const members of pagesOf(await this.parts.register.memberships(), SERVER_PAGE)) {
      const leaves = await this.#leaves(await this.#newestAttestations(members, checkpoint), checkpoint);
      for (const membership of members) yield sealer.line({ line: 'server', membership, attestation: leaves.get(membership.payload.server) ?? null });
    }
    yield sealer.end();
  }

  /** Errors: 422 where the ledger never had as many entries. */
  async #since(size: number, checkpoint: SignedCheckpoint): Promise<{ size: number; proof: Sha256[] }> {
    const proof = await this.parts.ledger.consistency(size, checkpoint);
    if (proof === null) throw new ApiProblem(422, 'Not done', `The ledger has ${checkpoint.payload.size} entries in its newest checkpoint, and never had ${size}: the checkpoint is of another ledger, or this one lost entries.`);
    return { size, proof };
  }

  #decisions(agreement: string, after: number | null) {
    return answered('consent registry', this.parts.questions.ask('consent.decisions', { agreement, after }, { timeoutMs: ANSWER_MS }));
  }

  async *#texts(agreement: string) {
    const { agreements } = await answered('consent registry', this.parts.questions.ask('consent.overview', {}, { timeoutMs: ANSWER_MS }));
    for (const { textSha256 } of agreements.find(({ id }) => id === agreement)?.versions ?? []) yield await answered('consent registry', this.parts.questions.ask('consent.text', { agreement, textSha256 }, { timeoutMs: ANSWER_MS }));
  }

  #decided(decisions: readonly string[], checkpoint: SignedCheckpoint | null): Promise<EntryRow[]> {
    return this.parts.dataSource.query<EntryRow[]>(`SELECT index, reference, document FROM reporting.ledger_entry WHERE kind = 'decision' AND reference = ANY($1) AND index < $2`, [decisions, checkpoint?.payload.size ?? 0]);
  }

  #newestAttestations(members: readonly SignedDocument<Membership>[], checkpoint: SignedCheckpoint | null): Promise<EntryRow[]> {
    return this.parts.dataSource.query<EntryRow[]>(
      `SELECT e.index, s.name AS reference, e.document FROM unnest($1::text[]) AS s(name)
       CROSS JOIN LATERAL (SELECT index, document FROM reporting.ledger_entry WHERE kind = 'attestation' AND reference = s.name AND index < $2 ORDER BY index DESC LIMIT 1) AS e`,
      [members.map(({ payload }) => payload.server), checkpoint?.payload.size ?? 0],
    );
  }

  async #leaves(rows: readonly EntryRow[], checkpoint: SignedCheckpoint | null): Promise<ReadonlyMap<string, Leaf>> {
    const proofs = await this.parts.ledger.proofs(rows.map(({ index }) => Number(index)), checkpoint);
    return new Map(rows.flatMap(({ index, reference, document }) => {
      const proof = proofs.get(Number(index));
      return proof === undefined ? [] : [[reference, { index: proof.leafIndex, inclusion: proof.inclusion, document }] as const];
    }));
  }
}

function* pagesOf<T>(all: readonly T[], size: number): Generator<readonly T[]> {
  for (let from = 0; from < all.length; from += size) yield all.slice(from, from + size);
}
