import { MESSAGE_TYPES, serverOfSource } from '@mailwarden/contracts';

export type Fields = Readonly<Record<string, unknown>>;
export const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/**
 * What an entry of the ledger is, by its form alone.
 * `message`: an envelope, signed by its source. `receipt`: signed by the executor of its server. `kept`: what the reporting service itself stated, or an entry of a version that kept no signatures.
 */
export interface Statement {
  readonly form: 'message' | 'receipt' | 'kept';
  /** `order`, `receipt`, `attestation`, `decision` and the other kinds of `evidence`; `other` for what this version does not know. */
  readonly kind: string;
  /** Who would have to have signed it: a source of the bus, or `mailwarden/executor/<server>`. */
  readonly by: string;
  readonly data: Fields;
  /** When its author says that it was. Empty where it does not. */
  readonly at: string;
  /** The server that it is about; null where it is about no one server. */
  readonly server: string | null;
}

export const executorSource = (server: string): string => `mailwarden/executor/${server}`;
const REPORTING = 'mailwarden/reporting';
const SERVER_SCOPE = /^server\.(.+)$/;

function kindOf(data: Fields): string {
  switch (data['schema']) {
    case 'mailwarden/evidence/v1':
      return textOf(data['kind']) || 'other';
    case 'mailwarden/attestation/v1':
      return 'attestation';
    case 'mailwarden/receipt/v1':
      return 'receipt';
    default:
      return 'other';
  }
}

/** The server that a statement is about. A decision for one server is about that one. */
function serverOf(kind: string, data: Fields): string | null {
  if (kind === 'receipt' || kind === 'attestation') return textOf(data['server']) || null;
  if (kind === 'membership') return textOf(data['id']) || null;
  const facts = isFields(data['facts']) ? data['facts'] : {};
  if (typeof facts['server'] === 'string') return facts['server'];
  return SERVER_SCOPE.exec(textOf(facts['scope']))?.[1] ?? null;
}

/** Null for what is no document at all. */
export function statementOf(document: unknown): Statement | null {
  if (!isFields(document)) return null;
  if (document['specversion'] !== undefined) {
    const data = isFields(document['data']) ? document['data'] : {};
    const source = textOf(document['source']);
    const kind = document['type'] === MESSAGE_TYPES.receipt ? 'receipt' : kindOf(data);
    return { form: 'message', kind, by: source, data, at: textOf(document['time']), server: serverOfSource(source) ?? serverOf(kind, data) };
  }
  const { payload } = document;
  if (isFields(payload) && kindOf(payload) === 'receipt') {
    const server = serverOf('receipt', payload);
    return { form: 'receipt', kind: 'receipt', by: executorSource(server ?? ''), data: payload, at: textOf(payload['finishedAt']), server };
  }
  const kind = kindOf(document);
  return { form: 'kept', kind, by: kind === 'attestation' ? `mailwarden/agent/${textOf(document['server'])}` : `mailwarden/${textOf(document['service'])}`, data: document, at: textOf(document['at']) || textOf(document['appliedAt']), server: serverOf(kind, document) };
}

/** True where nobody but the ledger's own service would have to have signed it. */
export const isOwnWord = (statement: Statement): boolean => statement.form === 'kept' && statement.by === REPORTING;
