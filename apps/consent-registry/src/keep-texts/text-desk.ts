import { MESSAGE_TYPES, subjects, type AddTextRequest, type AgreementText, type Answer, type Evidence } from '@mailwarden/contracts';
import { canonicalJson, instantOf, sha256, type Sha256 } from '@mailwarden/kernel';
import { enqueue } from '@mailwarden/persistence';
import type { DataSource } from 'typeorm';
import type { Agreements } from '../record-decision/agreements.js';

/** Takes in the texts of agreements, as their files have them. A text is never changed or removed: decisions name it. */
export class TextDesk {
  constructor(
    private readonly dataSource: DataSource,
    private readonly agreements: Agreements,
    private readonly kick: () => void,
  ) {}

  /** The same text again changes what it is called, its language, and, where one is given, from when it is in effect; who gave it in first, and when, stays. Errors: an answer that says what is wrong. */
  async add({ agreement, label, language, effectiveAt, text, by }: AddTextRequest): Promise<Answer<AgreementText>> {
    const unknown = this.agreements.unknown(agreement);
    if (unknown !== null) return { ok: false, code: 'unknown-agreement', detail: unknown };
    const textSha256 = sha256(Buffer.from(text, 'utf8'));
    const at = instantOf(Date.now());
    await this.dataSource.transaction(async (tx) => {
      await tx.query(
        `INSERT INTO consent.agreement_text (agreement, text_sha256, label, language, effective_at, text, imported_by, imported_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (agreement, text_sha256) DO UPDATE SET label = excluded.label, language = excluded.language, effective_at = coalesce(excluded.effective_at, agreement_text.effective_at), text = excluded.text, imported_by = coalesce(agreement_text.imported_by, excluded.imported_by), imported_at = coalesce(agreement_text.imported_at, excluded.imported_at)`,
        [agreement, textSha256, label, language, effectiveAt, text, by, at],
      );
      const document = { agreement, textSha256, label, language, effectiveAt, at };
      const id = `text-${sha256(canonicalJson(document)).slice(0, 32)}`;
      const evidence: Evidence = { schema: 'mailwarden/evidence/v1', kind: 'agreement-text', id, service: 'consent', at, documentSha256: sha256(canonicalJson(document)), facts: { agreement, text: textSha256 } };
      await enqueue(tx, { id: `evidence-${id}`, subject: subjects.evidence('consent'), type: MESSAGE_TYPES.evidence, data: evidence });
    });
    this.kick();
    return this.text(agreement, textSha256);
  }

  /** Errors: an answer that says that there is no such text. */
  async text(agreement: string, textSha256: Sha256): Promise<Answer<AgreementText>> {
    const found = await this.agreements.text(agreement, textSha256);
    return found === null ? { ok: false, code: 'unknown-text', detail: `no text of ${agreement} has the hash ${textSha256}` } : { ok: true, value: found };
  }
}
