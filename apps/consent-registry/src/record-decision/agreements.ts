import type { Agreement, Profile } from '@mailwarden/catalogue';
import type { AgreementObservation, AgreementText } from '@mailwarden/contracts';
import { instantOf, suggestionFor, type Instant, type Sha256 } from '@mailwarden/kernel';
import type { DataSource, EntityManager } from 'typeorm';

interface TextRow {
  readonly agreement: string;
  readonly text_sha256: Sha256;
  readonly label: string;
  readonly language: string;
  readonly effective_at: Date | null;
  readonly seen_at: Date | null;
  readonly imported_at: Date | null;
  readonly text: string | null;
}

/** Of one agreement, that were seen on servers and not given in. */
const SEEN_TEXTS_MAX = 50;
const FACTS = 'agreement, text_sha256, label, language, effective_at, seen_at, imported_at';
const instantOrNull = (at: Date | null): Instant | null => (at === null ? null : instantOf(at.getTime()));

/** A text came to be known when it was given in or first seen, whichever was earlier. */
function textOf({ agreement, text_sha256: textSha256, label, language, effective_at, seen_at, imported_at, text }: TextRow): AgreementText {
  const knownMs = Math.min(...[seen_at, imported_at].map((at) => at?.getTime() ?? Infinity));
  return { agreement, textSha256, label, language, effectiveAt: instantOrNull(effective_at), seenAt: instantOf(knownMs), origin: imported_at === null ? 'seen' : 'imported', text };
}

/** Agreements of all profiles, with the texts that were given in or that servers were seen to hold. */
export class Agreements {
  readonly #byId: ReadonlyMap<string, Agreement>;

  constructor(
    private readonly dataSource: DataSource,
    profiles: Iterable<Profile>,
  ) {
    this.#byId = new Map([...profiles].flatMap((profile) => profile.agreements.map((agreement) => [agreement.id, agreement] as const)));
  }

  all(): Agreement[] {
    return [...this.#byId.values()];
  }

  /** In words what is wrong with the name of an agreement; null when there is one of it. */
  unknown(agreement: string): string | null {
    if (this.#byId.has(agreement)) return null;
    const known = [...this.#byId.keys()];
    const meant = suggestionFor(agreement, known);
    return `no agreement is called ${agreement}${meant === undefined ? `; known: ${known.join(', ')}` : `; did you mean ${meant}?`}`;
  }

  /**
   * Hash of the text that a grant covers which names none: of those that were given in, the one in effect last; else the text that was first seen most recently. Null while none is known, and then a grant covers whatever text comes.
   * Safety: what one server claims to hold never comes before a text that a person gave in.
   */
  async newestText(tx: EntityManager, agreement: string, at: Instant): Promise<Sha256 | null> {
    const [row] = await tx.query<{ text_sha256: Sha256 }[]>(
      `SELECT text_sha256 FROM consent.agreement_text WHERE agreement = $1 AND (effective_at IS NULL OR effective_at <= $2)
       ORDER BY imported_at IS NULL, coalesce(effective_at, imported_at, seen_at) DESC, text_sha256 LIMIT 1`,
      [agreement, at],
    );
    return row?.text_sha256 ?? null;
  }

  async isKnown(tx: EntityManager, agreement: string, textSha256: Sha256): Promise<boolean> {
    return (await tx.query<unknown[]>(`SELECT 1 FROM consent.agreement_text WHERE agreement = $1 AND text_sha256 = $2`, [agreement, textSha256])).length > 0;
  }

  /** Every text by its facts, without its words. */
  async texts(): Promise<AgreementText[]> {
    const rows = await this.dataSource.query<Omit<TextRow, 'text'>[]>(`SELECT ${FACTS} FROM consent.agreement_text ORDER BY agreement, coalesce(effective_at, imported_at, seen_at), text_sha256`);
    return rows.map((row) => textOf({ ...row, text: null }));
  }

  async text(agreement: string, textSha256: Sha256): Promise<AgreementText | null> {
    const [row] = await this.dataSource.query<TextRow[]>(`SELECT ${FACTS}, text FROM consent.agreement_text WHERE agreement = $1 AND text_sha256 = $2`, [agreement, textSha256]);
    return row === undefined ? null : textOf(row);
  }

  /** Notes the texts that a server holds, by when it was heard; a text that was seen before keeps its first day. Of texts that nobody gave in only so many are noted: an agent may claim any. */
  async note(observed: readonly AgreementObservation[], at: Instant): Promise<void> {
    for (const { id, textSha256 } of new Map(observed.map((one) => [one.id, one])).values()) {
      if (!textSha256.known || !this.#byId.has(id)) continue;
      await this.dataSource.query(
        `INSERT INTO consent.agreement_text (agreement, text_sha256, label, language, seen_at)
         SELECT $1, $2, $3, 'en', $4 WHERE (SELECT count(*) FROM consent.agreement_text WHERE agreement = $1 AND imported_at IS NULL) < ${SEEN_TEXTS_MAX} OR EXISTS (SELECT FROM consent.agreement_text WHERE agreement = $1 AND text_sha256 = $2)
         ON CONFLICT (agreement, text_sha256) DO UPDATE SET seen_at = excluded.seen_at WHERE agreement_text.seen_at IS NULL`,
        [id, textSha256.value, `seen on ${at.slice(0, 10)}`, at],
      );
    }
  }
}
