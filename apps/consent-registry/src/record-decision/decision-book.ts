import { scopeKey, type Answer, type DecideReply, type DecideRequest, type ImportReply, type ImportRequest, type Proposal, type ProposalAnswer, type ProposalAnswered, type ProposalSummary, type RecordedDecision, type TwoPersonRule } from '@mailwarden/contracts';
import { instantOf } from '@mailwarden/kernel';
import type { DataSource, EntityManager } from 'typeorm';
import type { Agreements } from './agreements.js';
import type { DecisionRecorder } from './decision-recorder.js';
import type { Proposals } from './proposals.js';
import { Refused } from './refused.js';

/** Takes back all that a transaction did: it was only tried. */
class NothingRecorded extends Error {}

/** What was asked for together: all of it is recorded, or none. */
interface Batch {
  readonly requests: readonly DecideRequest[];
  readonly by: string;
  /** Of the file that they were taken over from. */
  readonly documentSha256: Proposal['documentSha256'];
  readonly dryRun: boolean;
}

/** An answer in words where nothing could be done. Errors: what is no refusal is thrown on. */
function refusal(cause: unknown): { ok: false; code: string; detail: string } {
  if (cause instanceof Refused) return { ok: false, code: cause.code, detail: cause.message };
  throw cause;
}

/** System of record for decisions: by one person, or by two where the registry is set so. */
export class DecisionBook {
  constructor(
    private readonly parts: {
      readonly dataSource: DataSource;
      readonly agreements: Agreements;
      readonly recorder: DecisionRecorder;
      readonly proposals: Proposals;
      readonly twoPersons: TwoPersonRule;
      /** Told of every scope with a new decision, once it is committed. */
      readonly publish: (scopeKey: string) => void;
      /** Told when there is something to say and nothing to publish. */
      readonly announced: () => void;
    },
  ) {}

  /** Records what a person decided, or puts it before a second person. Errors: an answer that says what is wrong; nothing is recorded then. */
  async decide(request: DecideRequest): Promise<Answer<DecideReply>> {
    try {
      const { rows: [row], waitsFor } = await this.#settle({ requests: [request], by: request.decidedBy, documentSha256: null, dryRun: false });
      if (row === undefined) throw new Error('a decision was neither recorded nor refused');
      return !row.ok || waitsFor === null ? row : { ok: true, value: { waitsFor } };
    } catch (cause) {
      return refusal(cause);
    }
  }

  /** Takes over decisions that were made elsewhere, in their order: all of them, or none. Dry, or where one cannot be, the answer tells of each what would come of it, and nothing is recorded. */
  async import({ decisions, documentSha256, by, dryRun }: ImportRequest): Promise<Answer<ImportReply>> {
    try {
      return { ok: true, value: await this.#settle({ requests: decisions.map((one) => ({ ...one, decidedBy: by, means: 'imported-document' })), by, documentSha256, dryRun }) };
    } catch (cause) {
      return refusal(cause);
    }
  }

  /** What was proposed, with all of its decisions. */
  async proposal(id: string): Promise<Answer<Proposal>> {
    try {
      return { ok: true, value: await this.parts.proposals.whole(id) };
    } catch (cause) {
      return refusal(cause);
    }
  }

  /** A second person's word. What was proposed is checked anew, and recorded as of now. Safety: never by whoever proposed it, and once, however many say so at the same time. */
  async answerProposal({ proposal: id, action, by, reason }: ProposalAnswer): Promise<Answer<ProposalAnswered>> {
    const { dataSource, proposals } = this.parts;
    try {
      const recorded = await dataSource.transaction(async (tx) => {
        const proposal = await proposals.open(tx, id);
        if (action === 'confirm' && proposal.proposedBy === by) throw new Refused('own-proposal', 'whoever proposed it cannot confirm it: another person must');
        await proposals.close(tx, id, action === 'confirm' ? 'confirmed' : 'rejected', by, reason);
        return action === 'confirm' ? this.#confirmed(tx, proposal, by) : [];
      });
      this.#publish(recorded);
      return { ok: true, value: { recorded } };
    } catch (cause) {
      return refusal(cause);
    }
  }

  async #confirmed(tx: EntityManager, { decisions, proposedBy, documentSha256 }: Proposal, by: string): Promise<RecordedDecision[]> {
    const recorded: RecordedDecision[] = [];
    for (const decision of decisions) {
      // Both have to mean the same text: one that came meanwhile was not before the first person.
      if (decision.action === 'grant' && decision.textSha256 === null && (await this.parts.agreements.newestText(tx, decision.agreement, instantOf(Date.now()))) !== null) throw new Refused('unknown-text', `a text of ${decision.agreement} came in after this was proposed; reject it, and have it proposed anew`);
      recorded.push(await this.parts.recorder.record(tx, { ...decision, decidedBy: proposedBy }, { ...(documentSha256 === null ? {} : { documentSha256 }), confirmedBy: by }));
    }
    return recorded;
  }

  async #settle(batch: Batch): Promise<ImportReply> {
    const rows: Answer<RecordedDecision>[] = [];
    const takesTwo = this.#takesTwo(batch.requests);
    try {
      await this.parts.dataSource.transaction(async (tx) => {
        for (const request of batch.requests) rows.push(await this.#tried(tx, request, batch.documentSha256));
        if (takesTwo || batch.dryRun || rows.some(({ ok }) => !ok)) throw new NothingRecorded();
      });
    } catch (cause) {
      if (!(cause instanceof NothingRecorded)) throw cause;
      return { recorded: false, waitsFor: takesTwo && !batch.dryRun ? await this.#propose(batch, rows) : null, rows };
    }
    this.#publish(rows.flatMap((row) => (row.ok ? [row.value] : [])));
    return { recorded: true, waitsFor: null, rows };
  }

  #takesTwo(requests: readonly DecideRequest[]): boolean {
    const { twoPersons } = this.parts;
    return twoPersons === 'all' || (twoPersons === 'grants' && requests.some(({ action }) => action === 'grant'));
  }

  /** Each with the text that it was found to be about. Null where something is wrong with one of them. Errors: throws `Refused`. */
  async #propose({ requests, by, documentSha256 }: Batch, rows: readonly Answer<RecordedDecision>[]): Promise<ProposalSummary | null> {
    const decisions = requests.flatMap(({ decidedBy: _by, ...request }, index) => {
      const row = rows[index];
      return row?.ok === true ? [{ ...request, textSha256: row.value.textSha256 }] : [];
    });
    if (decisions.length < requests.length) return null;
    const proposed = await this.parts.dataSource.transaction((tx) => this.parts.proposals.propose(tx, { decisions, proposedBy: by, documentSha256 }));
    this.parts.announced();
    return proposed;
  }

  async #tried(tx: EntityManager, request: DecideRequest, documentSha256: Batch['documentSha256']): Promise<Answer<RecordedDecision>> {
    try {
      // Of a text that came later nobody can have agreed to then: a paper is about the text that it names.
      if (documentSha256 !== null && request.action === 'grant' && request.textSha256 === null && (await this.parts.agreements.newestText(tx, request.agreement, instantOf(Date.now()))) !== null) throw new Refused('unknown-text', `texts of ${request.agreement} are known: name the one that was agreed to by its SHA-256`);
      return { ok: true, value: await this.parts.recorder.record(tx, request, documentSha256 === null ? {} : { documentSha256 }) };
    } catch (cause) {
      return refusal(cause);
    }
  }

  #publish(recorded: readonly RecordedDecision[]): void {
    for (const key of new Set(recorded.map(({ scope }) => scopeKey(scope)))) this.parts.publish(key);
    if (recorded.length === 0) this.parts.announced();
  }
}
