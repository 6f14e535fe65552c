import type { Letter } from '../mail/compose-mail.js';

/** Tables whose rows belong to files: one row a letter. */
export const LETTER_TABLES = ['backup', 'asp_quarantine', 'kata_quarantine'] as const;
export type LetterTable = (typeof LETTER_TABLES)[number];

export const LOG_TABLES = ['event_log', 'audit_log', 'statistics'] as const;
export type LogTable = (typeof LOG_TABLES)[number];

/** Column of the moment that a table's rows are kept by. */
export const TIME_COLUMNS: Readonly<Record<LogTable | LetterTable, string>> = { event_log: 'recorded_at', audit_log: 'recorded_at', statistics: 'recorded_at', backup: 'stored_at', asp_quarantine: 'stored_at', kata_quarantine: 'stored_at' };

/** A row of a letter: `file` is its path below the store's folder. */
export interface LetterRow {
  readonly stored_at: string;
  readonly file: string;
  readonly message_id: string;
  readonly sender: string;
  readonly recipient: string;
  readonly subject: string;
  readonly client_ip: string;
  readonly size_bytes: number;
}

/** A row of a log; its columns are those of its table. */
export type LogRow = Readonly<Record<string, string | number>> & { readonly recorded_at: string };

export type PreparedRows = Readonly<Record<LetterTable, LetterRow[]> & Record<LogTable, LogRow[]>>;

export const letterRow = (letter: Letter, file: string, atMs: number): LetterRow => ({
  stored_at: new Date(atMs).toISOString(),
  file,
  message_id: letter.messageId,
  sender: letter.sender,
  recipient: letter.recipient,
  subject: letter.subject,
  client_ip: letter.clientIp,
  size_bytes: letter.bytes.length,
});

const letterTable = (name: LetterTable): string => `
  CREATE TABLE public.${name} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, stored_at timestamptz NOT NULL, file text NOT NULL UNIQUE, message_id text NOT NULL, sender text NOT NULL, recipient text NOT NULL, subject text NOT NULL, client_ip inet NOT NULL, size_bytes bigint NOT NULL);
  CREATE INDEX ON public.${name} (stored_at);`;

/** Tables of the product, as the profile names them. */
export const CREATE_TABLES = `
  ${LETTER_TABLES.map(letterTable).join('')}
  CREATE TABLE public.event_log (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, recorded_at timestamptz NOT NULL, severity text NOT NULL, event text NOT NULL, message_id text NOT NULL, sender text NOT NULL, recipient text NOT NULL, client_ip inet NOT NULL, subject text NOT NULL);
  CREATE TABLE public.audit_log (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, recorded_at timestamptz NOT NULL, account text NOT NULL, client_ip inet NOT NULL, action text NOT NULL);
  CREATE TABLE public.statistics (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, recorded_at timestamptz NOT NULL, messages integer NOT NULL, infected integer NOT NULL, spam integer NOT NULL, bytes bigint NOT NULL, top_sender text NOT NULL);
  CREATE INDEX ON public.event_log (recorded_at);
  CREATE INDEX ON public.audit_log (recorded_at);
  CREATE INDEX ON public.statistics (recorded_at);`;
