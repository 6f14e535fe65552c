import type { Agreement, Profile } from '@mailwarden/catalogue';
import type { AgreementObservation } from '@mailwarden/contracts';
import type { Instant, Sha256 } from '@mailwarden/kernel';
import type { DataSource, EntityManager } from 'typeorm';

/** Agreements of all profiles, with the texts that servers were seen to hold. */
export class Agreements {
  readonly #byId: ReadonlyMap<string, Agreement>;

  constructor(
    private readonly dataSource: DataSource,
    profiles: Iterable<Profile>,
  ) {
    this.#byId = new Map([...profiles].flatMap((profile) => profile.agreements.map((agreement) => [agreement.id, agreement] as const)));
  }

  ids(): string[] {
    return [...this.#byId.keys()];
  }

  all(): Agreement[] {
    return [...this.#byId.values()];
  }

  /** Hash of the text that was seen first most recently; null while none was seen, and then a grant covers whatever text comes. */
  async newestText(tx: EntityManager, agreement: string): Promise<Sha256 | null> {
    const [row] = await tx.query<{ text_sha256: Sha256 }[]>(`SELECT text_sha256 FROM consent.agreement_text WHERE agreement = $1 ORDER BY seen_at DESC, text_sha256 LIMIT 1`, [agreement]);
    return row?.text_sha256 ?? null;
  }

  async texts(): Promise<{ agreement: string; textSha256: Sha256; label: string; language: string; seenAt: Date }[]> {
    return this.dataSource.query(`SELECT agreement, text_sha256 AS "textSha256", label, language, seen_at AS "seenAt" FROM consent.agreement_text ORDER BY agreement, seen_at`);
  }

  /** Notes the texts that a server holds; a text that was seen before keeps its first day. */
  async note(observed: readonly AgreementObservation[], at: Instant): Promise<void> {
    for (const { id, textSha256 } of observed) {
      if (!textSha256.known || !this.#byId.has(id)) continue;
      await this.dataSource.query(`INSERT INTO consent.agreement_text (agreement, text_sha256, label, language, seen_at) VALUES ($1, $2, $3, 'en', $4) ON CONFLICT DO NOTHING`, [id, textSha256.value, `seen on ${at.slice(0, 10)}`, at]);
    }
  }
}

