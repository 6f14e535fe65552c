import { randomUUID } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { isUtf8 } from 'node:buffer';
import { AGREEMENT_BYTES_MAX, AGREEMENT_CHARACTERS_MAX, SIGNING_CONTEXTS, TEXT_ASKS_MAX, textAskKey, type Answer, type FetchTextRequest, type TextAsk, type TextFetch, type TextTold } from '@mailwarden/contracts';
import { makeSealingKey, openSealed } from '@mailwarden/identity/sealed-box';
import { instantOf, sha256, signDocument, type Sha256, type Signer, type SignedDocument } from '@mailwarden/kernel';
import type { DataSource, EntityManager } from 'typeorm';
import type { Agreements } from '../record-decision/agreements.js';
import type { TextDesk } from './text-desk.js';

/** An ask that nobody answered is given up, and can be made anew. Units: milliseconds. */
const ASK_LIFE_MS = 86_400_000;
const NOBODY_ANSWERED = 'nobody answered within a day';

interface AskRow {
  readonly id: string;
  readonly agreement: string;
  readonly text_sha256: Sha256;
  readonly server: TextFetch['server'];
  readonly label: string;
  readonly language: string;
  readonly effective_at: Date | null;
  readonly asked_by: string;
  readonly asked_at: Date;
  readonly sealing_key: string;
  /** Null once the ask is closed. */
  readonly opening_key: string | null;
  readonly failed: string | null;
}

const fetchOf = ({ agreement, text_sha256: textSha256, server, asked_at, failed }: AskRow): TextFetch => ({ agreement, textSha256, server, askedAt: instantOf(asked_at.getTime()), failed });

/** The words of what was sealed, or why they are none. Safety: a server may send anything; it is unpacked within bounds, and taken only with the hash that was asked for. */
function wordsOf(opening: string, ask: string, sealed: Uint8Array, textSha256: Sha256): { readonly text: string } | { readonly failed: string } {
  const packed = openSealed(opening, `${SIGNING_CONTEXTS.textAsk} ${ask}`, sealed);
  if (packed === null) return { failed: 'what the server sent was not sealed for this' };
  let bytes: Buffer;
  try {
    bytes = gunzipSync(packed, { maxOutputLength: AGREEMENT_BYTES_MAX });
  } catch {
    return { failed: `what the server sent cannot be unpacked, or has more than ${AGREEMENT_BYTES_MAX} bytes` };
  }
  if (sha256(bytes) !== textSha256) return { failed: 'what the server sent has another hash than the text that it told of' };
  if (!isUtf8(bytes)) return { failed: 'the file is no text in UTF-8; give it in from a file that is' };
  const text = bytes.toString('utf8');
  return text.length === 0 || text.length > AGREEMENT_CHARACTERS_MAX ? { failed: `the text has ${text.length} characters; at most ${AGREEMENT_CHARACTERS_MAX} are kept` } : { text };
}

/** Asks servers for the words of texts that they were only seen to hold, once, for one officer, sealed on the way. */
export class TextFetcher {
  constructor(
    private readonly parts: {
      readonly dataSource: DataSource;
      readonly agreements: Agreements;
      readonly texts: TextDesk;
      readonly signer: Signer;
      readonly isMember: (server: string) => boolean;
      /** Shows a server what it is asked for. Errors: rejects when the bus is away. */
      readonly publish: (key: string, asks: SignedDocument<TextAsk>) => Promise<void>;
    },
  ) {}

  /** Errors: an answer that says what is wrong; then nobody was asked. */
  async ask({ agreement, textSha256, label, language, effectiveAt, server, by }: FetchTextRequest): Promise<Answer<TextFetch>> {
    const refused = (code: string, detail: string): Answer<TextFetch> => ({ ok: false, code, detail });
    const unknown = this.parts.agreements.unknown(agreement);
    if (unknown !== null) return refused('unknown-agreement', unknown);
    const text = await this.parts.agreements.text(agreement, textSha256);
    if (text === null) return refused('unknown-text', `no text of ${agreement} has the hash ${textSha256}`);
    if (text.text !== null) return refused('known-text', 'its words are known already');
    if (!this.parts.isMember(server)) return refused('unknown-server', `no server of the fleet is called ${server}`);
    const { sealing, opening } = makeSealingKey();
    const asked = await this.parts.dataSource.transaction(async (tx) => {
      await tx.query(`SELECT pg_advisory_xact_lock(hashtext($1))`, ['consent text asks']);
      await this.#giveUp(tx);
      const open = await tx.query<AskRow[]>(`SELECT * FROM consent.text_ask WHERE server = $1 AND opening_key IS NOT NULL`, [server]);
      if (open.length >= TEXT_ASKS_MAX) return null;
      // One that came to nothing is asked anew; one that is waited for stays.
      await tx.query(`DELETE FROM consent.text_ask WHERE agreement = $1 AND text_sha256 = $2 AND opening_key IS NULL`, [agreement, textSha256]);
      const [row] = await tx.query<AskRow[]>(
        `INSERT INTO consent.text_ask (id, agreement, text_sha256, server, label, language, effective_at, asked_by, asked_at, sealing_key, opening_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         ON CONFLICT (agreement, text_sha256) DO UPDATE SET label = excluded.label, language = excluded.language, effective_at = excluded.effective_at RETURNING *`,
        [randomUUID(), agreement, textSha256, server, label, language, effectiveAt, by, instantOf(Date.now()), sealing, opening],
      );
      return row ?? null;
    });
    if (asked === null) return refused('too-many', `${server} is asked for ${TEXT_ASKS_MAX} texts already; wait for some of them`);
    await this.#show(asked.server);
    return { ok: true, value: fetchOf(asked) };
  }

  /** Those that are waited for, and those that came to nothing. */
  async fetches(): Promise<TextFetch[]> {
    const rows = await this.parts.dataSource.query<AskRow[]>(`SELECT * FROM consent.text_ask ORDER BY asked_at DESC LIMIT 100`);
    return rows.map((row) => (row.failed === null && row.asked_at.getTime() < Date.now() - ASK_LIFE_MS ? { ...fetchOf(row), failed: NOBODY_ANSWERED } : fetchOf(row)));
  }

  /** Takes an agent's answer, in whatever order its parts come, each once. What nobody asked of that server changes nothing. */
  async take(told: TextTold): Promise<void> {
    const ended = await this.parts.dataSource.transaction(async (tx) => {
      const [ask] = await tx.query<AskRow[]>(`SELECT * FROM consent.text_ask WHERE id = $1 AND server = $2 AND opening_key IS NOT NULL FOR UPDATE`, [told.ask, told.server]);
      if (ask?.opening_key == null) return null;
      if ('reason' in told) return this.#close(tx, ask, { failed: told.reason });
      await tx.query(`INSERT INTO consent.text_part (ask, part, parts, sealed) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`, [ask.id, told.part, told.parts, Buffer.from(told.sealed, 'base64')]);
      const have = await tx.query<{ part: number; parts: number; sealed: Buffer }[]>(`SELECT part, parts, sealed FROM consent.text_part WHERE ask = $1 ORDER BY part`, [ask.id]);
      if (have.length < told.parts) return null;
      return this.#close(tx, ask, wordsOf(ask.opening_key, ask.id, Buffer.concat(have.map(({ sealed }) => sealed)), ask.text_sha256));
    });
    if (ended === null) return;
    if ('text' in ended.end) {
      const { agreement, label, language, effective_at, asked_by } = ended.ask;
      await this.parts.texts.add({ agreement, label, language, effectiveAt: effective_at === null ? null : instantOf(effective_at.getTime()), text: ended.end.text, by: asked_by });
      await this.parts.dataSource.query(`DELETE FROM consent.text_ask WHERE id = $1`, [ended.ask.id]);
    }
    await this.#show(ended.ask.server).catch(() => undefined); // The next ask shows it; an agent answers each once.
  }

  /** Nothing of it can be opened from now on. */
  async #close(tx: EntityManager, ask: AskRow, end: { readonly text: string } | { readonly failed: string }): Promise<{ ask: AskRow; end: typeof end }> {
    await tx.query(`DELETE FROM consent.text_part WHERE ask = $1`, [ask.id]);
    await tx.query(`UPDATE consent.text_ask SET opening_key = NULL, failed = $2 WHERE id = $1`, [ask.id, 'failed' in end ? end.failed : null]);
    return { ask, end };
  }

  async #giveUp(tx: EntityManager): Promise<void> {
    await tx.query(`UPDATE consent.text_ask SET opening_key = NULL, failed = $2 WHERE opening_key IS NOT NULL AND asked_at < $1`, [instantOf(Date.now() - ASK_LIFE_MS), NOBODY_ANSWERED]);
  }

  /** Errors: rejects when the bus is away. */
  async #show(server: TextFetch['server']): Promise<void> {
    const rows = await this.parts.dataSource.query<AskRow[]>(`SELECT * FROM consent.text_ask WHERE server = $1 AND opening_key IS NOT NULL ORDER BY asked_at, id`, [server]);
    const asks = rows.map(({ id, agreement, text_sha256: textSha256, sealing_key: key }) => ({ id, agreement, textSha256, key }));
    await this.parts.publish(textAskKey(server), signDocument<TextAsk>(this.parts.signer, SIGNING_CONTEXTS.textAsk, { schema: 'mailwarden/text-ask/v1', server, asks, askedAt: instantOf(Date.now()) }));
  }
}
