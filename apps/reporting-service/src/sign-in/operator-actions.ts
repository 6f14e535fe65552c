import { randomBytes } from 'node:crypto';
import { canonicalJson, keyedHash, sha256, uuidOf, type Instant, type Sha256, type Signer } from '@mailwarden/kernel';
import type { EntityManager } from 'typeorm';
import type { LedgerBook } from '../append-evidence/ledger-book.js';

/** What somebody did. `facts` are what an auditor filters by; `document` says it in full and is kept as a hash alone. */
export interface OperatorAction {
  readonly action: string;
  /** Name of who did it; null where a rule did. Privacy: kept as a keyed hash. */
  readonly operator: string | null;
  readonly at: Instant;
  readonly facts: Readonly<Record<string, string | number | boolean | null>>;
  readonly document?: unknown;
}

const NONCE_BYTES = 32;

/** Keeps in the ledger what operators do. */
export class OperatorActions {
  readonly #nameKey: Uint8Array;

  constructor(
    private readonly ledger: LedgerBook,
    signer: Signer,
  ) {
    this.#nameKey = Buffer.from(signer.sign('mailwarden/operator-names/v1', null), 'base64url');
  }

  /** Privacy: outside the service an operator is a keyed hash. */
  nameHash = (name: string): Sha256 => keyedHash(this.#nameKey, name);

  /** Each call is an action of its own. Returns the id of its entry. */
  async record(tx: EntityManager, { action, operator: name, at, facts, document = null }: OperatorAction): Promise<string> {
    const operator = name === null ? null : this.nameHash(name);
    const told = { action, ...(operator === null ? {} : { operator }), ...facts };
    const id = uuidOf('operator-action', action, at, randomBytes(NONCE_BYTES).toString('base64url'));
    await this.ledger.append(tx, { kind: 'operator-action', reference: id, at, document: { schema: 'mailwarden/evidence/v1', kind: 'operator-action', id, service: 'reporting', at, documentSha256: sha256(canonicalJson({ ...told, at, document })), facts: told } });
    return id;
  }
}
