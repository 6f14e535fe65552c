import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createAccount, encodeAccount, encodeUser, fromSeed, newScopedSigner, type KeyPair, type OperatorLimits } from '@nats-io/jwt';
import { keepOnce } from '../private-file.js';
import { subscriberImports, subscriberTemplate, subscriberUser } from './accounts.js';

const FOLDER_MODE = 0o700;
const ACCOUNT_SEED = '.account.seed';
const SIGNER_SEED = '.signer.seed';
const LIMITS: OperatorLimits = { subs: -1, data: -1, payload: -1, imports: -1, exports: 0, wildcards: true, conn: 50, leaf: 0 };

/** Whose word accounts are, and whose streams subscribers read. */
interface Above {
  readonly operator: KeyPair;
  readonly control: KeyPair;
}

/**
 * Subscribers to events, each in an account of its own: what another one asks and is answered does not exist on its side, whatever inbox its client chooses.
 * Source: decision 0030. Who has keys here is a subscriber, once the broker has these tokens.
 */
export class Subscribers {
  constructor(
    private readonly dir: string,
    private readonly above: Above,
  ) {}

  /** Token of one user of a subscriber. Shape: `name` was checked to be a plain one. */
  async userToken(name: string, user: KeyPair): Promise<string> {
    const account = await this.#key(name, ACCOUNT_SEED);
    return encodeUser(subscriberUser(name), user, account, {}, { signer: await this.#key(name, SIGNER_SEED), scopedUser: true });
  }

  /** Tokens of the accounts, by their public keys. */
  async accountTokens(): Promise<Record<string, string>> {
    const { operator, control } = this.above;
    const tokens: Record<string, string> = {};
    for (const name of await this.names()) {
      const account = await this.#key(name, ACCOUNT_SEED);
      const user = subscriberUser(name);
      const signer = newScopedSigner(await this.#key(name, SIGNER_SEED), 'subscriber', subscriberTemplate(user));
      tokens[account.getPublicKey()] = await encodeAccount(user.toUpperCase(), account, { limits: LIMITS, imports: subscriberImports(control.getPublicKey(), user), signing_keys: [signer] }, { signer: operator });
    }
    return tokens;
  }

  async names(): Promise<string[]> {
    await mkdir(this.dir, { recursive: true, mode: FOLDER_MODE });
    return (await readdir(this.dir)).filter((file) => file.endsWith(ACCOUNT_SEED)).map((file) => file.slice(0, -ACCOUNT_SEED.length)).sort();
  }

  async #key(name: string, kind: string): Promise<KeyPair> {
    return fromSeed(Buffer.from((await keepOnce(join(this.dir, `${name}${kind}`), () => Buffer.from(createAccount().getSeed()).toString('ascii'))).trim()));
  }
}
