import { canonicalJson, keyedHash, sha256, uuidOf, type Instant, type Sha256, type Signer } from '@mailwarden/kernel';
import { randomBytes } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import type { LedgerBook } from '../append-evidence/ledger-book.js';

/** What somebody did, as the ledger keeps it. Privacy: persons stand in `facts` as keyed hashes. */
export interface OperatorAction {
  readonly action: string;
  readonly at: Instant;
  readonly facts: Readonly<Record<string, string | number | boolean>>;
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

  /** Each call is an action of its own. */
  async record(tx: EntityManager, { action, at, facts }: OperatorAction): Promise<void> {
    const id = uuidOf('operator-action', action, at, randomBytes(NONCE_BYTES).toString('base64url'));
    const told = { action, ...facts };
    await this.ledger.append(tx, { kind: 'operator-action', reference: id, at, document: { schema: 'mailwarden/evidence/v1', kind: 'operator-action', id, service: 'reporting', at, documentSha256: sha256(canonicalJson({ ...told, at })), facts: told } });
  }
}
