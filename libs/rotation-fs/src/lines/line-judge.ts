import type { SkipReason } from '@mailwarden/contracts';
import { compilePatterns } from '@mailwarden/inventory';
import { LineTerms, type LineStretch } from '@mailwarden/rotation';
import type { Journal } from '../journal/journal.js';
import { pathOf } from '../logs/store-file.js';
import type { RotateRequest } from '../rotate-request.js';
import { placeOf } from './chosen-lines.js';
import type { ChosenLines } from './line-record.js';
import { ranksOf, type Ranks } from './line-ranks.js';
import { keepOf, momentBy } from './plan-lines.js';
import { blankHead, countPacked, eachLine, LineMoments, packingOf } from './read-lines.js';

/**
 * Asks again about lines that an earlier run chose and had not begun: holds may have come since, and others may have taken lines away.
 * Safety: what is kept now stays, whatever was chosen; nothing is added to what was.
 */
export class LineJudge {
  private constructor(
    private readonly request: RotateRequest,
    private readonly ranks: Ranks,
  ) {}

  static async of(request: RotateRequest, journal: Journal): Promise<LineJudge> {
    const chosen = journal.records.find((record) => record.kind === 'lines-chosen')?.files ?? [];
    return new LineJudge(request, await ranksOf(request, chosen));
  }

  /** Why each of the first `count` stretches of a file must stay; null where it may go. */
  stretches(fd: number, chosen: ChosenLines, count = chosen.stretches.length): (SkipReason | null)[] {
    return this.#each(fd, chosen, chosen.stretches.slice(0, count));
  }

  /** Why a file all of whose lines were to leave must stay; null where it may go. Errors: throws where a packed one is damaged: whoever asks has seen that it is as it was planned. */
  async whole(fd: number, chosen: ChosenLines): Promise<SkipReason | null> {
    const packing = packingOf(placeOf(chosen).name);
    if (packing === 'plain' || packing === 'unreadable') return this.#each(fd, chosen, [{ start: 0, end: chosen.size, records: chosen.records }])[0] ?? null;
    if (this.#isExcluded(chosen)) return 'excluded';
    const { first, terms } = this.#termsFor(chosen);
    if (terms === null) return null;
    const { records, newestMs, told } = await countPacked(fd, packing, chosen.mtimeMs);
    return terms.keptBy(first + records - 1, this.request.clock === 'recorded' ? newestMs : chosen.mtimeMs, told.fromMs, told.untilMs);
  }

  #each(fd: number, chosen: ChosenLines, stretches: readonly LineStretch[]): (SkipReason | null)[] {
    if (this.#isExcluded(chosen)) return stretches.map(() => 'excluded');
    const reasons: (SkipReason | null)[] = stretches.map(() => null);
    const { first, terms } = this.#termsFor(chosen);
    if (terms === null) return reasons;
    const moments = new LineMoments(chosen.mtimeMs);
    let [rank, at] = [first, 0];
    eachLine(fd, blankHead(fd), stretches.at(-1)?.end ?? 0, terms.needMoments, (start, _end, head) => {
      while ((stretches[at]?.end ?? Infinity) <= start) at += 1;
      const told = terms.needMoments ? moments.of(head) : Number.NaN;
      if (start >= (stretches[at]?.start ?? Infinity)) reasons[at] ??= terms.keptBy(rank, momentBy(this.request, chosen, told), told, told);
      rank += 1;
      return true;
    });
    return reasons;
  }

  #isExcluded(chosen: ChosenLines): boolean {
    return compilePatterns([...this.request.exclude]).matches(pathOf(placeOf(chosen)));
  }

  /** No terms where there is nothing that could keep a line: then none is read. */
  #termsFor(chosen: ChosenLines): { readonly first: number; readonly terms: LineTerms | null } {
    const { first, records } = this.ranks(chosen);
    const terms = new LineTerms({ ...keepOf(this.request), nowMs: this.request.now(), records });
    return { first, terms: terms.needMoments || this.request.keep.newest > 0 ? terms : null };
  }
}
