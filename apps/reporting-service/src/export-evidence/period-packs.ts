import type { TrustAnchors } from '@mailwarden/contracts';
import { PackSealer, statementOf, type PackLine } from '@mailwarden/evidence-pack';
import { instantOf, type Instant, type Sha256, type Signer } from '@mailwarden/kernel';
import { HiddenRun } from '@mailwarden/ledger';
import type { LedgerBook, SignedCheckpoint } from '../append-evidence/ledger-book.js';
import { ApiProblem } from '../http/api-problem.js';
import type { LedgerRange } from './ledger-range.js';

/** What a pack about a period is asked for by. */
export interface AskedPeriod {
  readonly from: Instant;
  readonly to: Instant;
  /** Entries about others are then told by hashes alone. */
  readonly server: string | null;
  /** How many entries the ledger had in a checkpoint that somebody kept. */
  readonly since: number | null;
}

type Line = Exclude<PackLine, { line: 'end' }>;

/** Puts together all that the ledger took in within a period, so that whoever has it can see that nothing is missing. */
export class PeriodPacks {
  constructor(
    private readonly parts: { readonly ledger: LedgerBook; readonly range: LedgerRange; readonly signer: Signer; readonly anchors: TrustAnchors },
  ) {}

  /** The lines of a pack, one after the other; memory does not grow with the period. Errors: 422 where nothing was signed yet, or the ledger never had as many entries; nothing was given out then. */
  async *of(asked: AskedPeriod): AsyncGenerator<string> {
    const { range, ledger, anchors, signer } = this.parts;
    const { from, to, server } = asked;
    const last = await range.headAfter(to);
    if (last === null) throw new ApiProblem(422, 'Not done', 'The ledger was not signed yet, so that nothing of it could be proved. Try again in some seconds.');
    const first = await range.headBefore(from);
    const since = asked.since === null ? null : await this.#since(asked.since, first, last);
    const sealer = new PackSealer(signer);
    const frontier = await ledger.frontier(first?.payload.size ?? 0);
    yield sealer.line({ line: 'manifest', schema: 'mailwarden/evidence-period/v1', at: instantOf(Date.now()), from, to, server: server as never, anchors, first: first as never, last: last as never, frontier, ...(since === null ? {} : { since }) });
    if (first !== null) for await (const line of this.#members(first, server)) yield sealer.line(line);
    for await (const line of this.#entries(asked, first?.payload.size ?? 0, last.payload.size)) yield sealer.line(line);
    yield sealer.end();
  }

  /** The way from a head that somebody kept to the one that the pack begins or ends with. Null where it lies in between: the entries themselves show it then. */
  async #since(size: number, first: SignedCheckpoint | null, last: SignedCheckpoint): Promise<{ size: number; proof: Sha256[] } | null> {
    const { ledger } = this.parts;
    if (first !== null && size < first.payload.size) return { size, proof: (await ledger.consistency(size, first)) ?? [] };
    if (size <= last.payload.size) return null;
    const newest = await ledger.newestCheckpoint();
    if (newest === null || size > newest.payload.size) throw new ApiProblem(422, 'Not done', `The ledger has ${newest?.payload.size ?? 0} entries in its newest checkpoint, and never had ${size}: the checkpoint is of another ledger, or this one lost entries.`);
    return { size, proof: await ledger.consistencyBetween(last.payload.size, size) };
  }

  async *#members(first: SignedCheckpoint, server: string | null): AsyncGenerator<Line> {
    const { range, ledger } = this.parts;
    for await (const rows of range.memberships(first.payload.size, server)) {
      const proofs = await ledger.proofs(rows.map(({ index }) => index), first);
      for (const { index, document } of rows) yield { line: 'member', leaf: { index, inclusion: proofs.get(index)?.inclusion ?? [], document } };
    }
  }

  /** Entries with the heads that were signed between them. Of a pack about one server, only the heads that follow an entry of it, so that its size goes by what is told. */
  async *#entries({ server, since }: AskedPeriod, from: number, to: number): AsyncGenerator<Line> {
    const heads = this.parts.range.heads(from, to)[Symbol.asyncIterator]();
    let head = await heads.next();
    let hidden = new HiddenRun(from);
    let isHeadDue = false;
    const hiddenLine = function* (): Generator<Line> {
      if (hidden.to > hidden.from) yield { line: 'others', from: hidden.from, to: hidden.to, hashes: hidden.hashes };
      hidden = new HiddenRun(hidden.to);
    };
    for await (const { index, hash, document } of this.parts.range.entries(from, to)) {
      const isTold = server === null || [null, server].includes(statementOf(document)?.server ?? null);
      if (isTold) {
        yield* hiddenLine();
        yield { line: 'entry', index, hash, document };
        hidden = new HiddenRun(index + 1);
        isHeadDue = true;
      } else hidden.add(hash);
      // Whoever kept a head of this size can hold it against the pack there.
      if (index + 1 === since) yield* hiddenLine();
      for (; head.done !== true && head.value.payload.size <= index + 1; head = await heads.next()) {
        if (!isHeadDue && server !== null) continue;
        yield* hiddenLine();
        yield { line: 'checkpoint', checkpoint: head.value as never };
        isHeadDue = false;
      }
    }
    yield* hiddenLine();
  }
}
