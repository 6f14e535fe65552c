import { encodeUser, fmtCreds, fromPublic, fromSeed, type KeyPair } from '@nats-io/jwt';
import { readPrivate } from '../private-file.js';
import { agentUser } from './accounts.js';
import { requirePlainName } from './plain-name.js';

/** The two keys that agents' credentials are made with, and nothing else can be: both are bound to their templates. */
export interface IssuerKeys {
  /** Account of the agents. */
  readonly account: string;
  readonly agentSigner: string;
  readonly enrolmentSigner: string;
}

const MS_PER_S = 1_000;
const TOKEN_ID = /^[0-9a-f]{16}$/;

/** Makes credentials for keys that others hold. Safety: the template of the signing key says what their users may do, whatever is asked for here. */
export class AgentIssuer {
  private constructor(
    private readonly account: string,
    private readonly agentSigner: KeyPair,
    private readonly enrolmentSigner: KeyPair,
  ) {}

  /** Errors: throws where the file is missing, open to others, or holds something else. */
  static async open(file: string): Promise<AgentIssuer> {
    const { account, agentSigner, enrolmentSigner } = JSON.parse(await readPrivate(file)) as Partial<IssuerKeys>;
    if (account === undefined || agentSigner === undefined || enrolmentSigner === undefined) throw new Error(`${file} does not hold the keys that agents' credentials are made with; start the runtime again, which writes it`);
    return new AgentIssuer(account, fromSeed(Buffer.from(agentSigner)), fromSeed(Buffer.from(enrolmentSigner)));
  }

  /** The bus's word that the holder of a key is one server's agent, until a moment. */
  agent(server: string, busKey: string, untilMs: number): Promise<string> {
    requirePlainName(server);
    return this.#encode(agentUser(server), busKey, [`server:${server}`], this.agentSigner, untilMs);
  }

  /** The bus's word that the holder of a key may ask to be enrolled by one token. */
  enrolment(token: string, busKey: string, untilMs: number): Promise<string> {
    if (!TOKEN_ID.test(token)) throw new Error(`no credential is issued for the token ${JSON.stringify(token.slice(0, 40))}`);
    return this.#encode(token, busKey, [], this.enrolmentSigner, untilMs);
  }

  #encode(name: string, busKey: string, tags: string[], signer: KeyPair, untilMs: number): Promise<string> {
    return encodeUser(name, fromPublic(busKey), this.account, { tags }, { signer, scopedUser: true, exp: Math.floor(untilMs / MS_PER_S) });
  }
}

/** A credential as clients of the bus read it from a file. */
export const credentialText = (jwt: string, seed: string): Uint8Array => fmtCreds(jwt, fromSeed(Buffer.from(seed)));
