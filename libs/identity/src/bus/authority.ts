import { join } from 'node:path';
import { createAccount, createOperator, createUser, encodeAccount, encodeOperator, encodeUser, fmtCreds, fromSeed, newScopedSigner, type Account, type KeyPair, type OperatorLimits, type UserPermissionsLimits } from '@nats-io/jwt';
import { keepOnce, readPrivate, writePrivate } from '../private-file.js';
import { AGENT_TEMPLATE, agentsImports, agentUser, CONTROL_EXPORTS, ENROLMENT_TEMPLATE, KEEPER_OF_ACCOUNTS, subscriberExports, subscriberMappings, subscriberUser, type AccountName } from './accounts.js';
import type { IssuerKeys } from './agent-issuer.js';
import { requirePlainName } from './plain-name.js';
import { RevokedKeys } from './revoked-keys.js';
import { Subscribers } from './subscribers.js';

/** What the broker must know: the operator's token and those of the accounts. No secret is in it. */
export interface BusTokens {
  readonly operator: string;
  readonly systemAccount: string;
  readonly accounts: Readonly<Record<string, string>>;
}

type SeedName = 'operator' | 'sys' | 'control' | 'agents' | 'agents-signer' | 'enrolment-signer';

const UNLIMITED: OperatorLimits = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
const WITH_JETSTREAM: OperatorLimits = { ...UNLIMITED, mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };

/** The keys that accounts and credentials of one bus are made with. Safety: whoever holds them is the bus; they stay in files of their owner. */
export class BusAuthority {
  readonly #subscribers: Subscribers;

  private constructor(
    private readonly dir: string,
    private readonly keys: Readonly<Record<SeedName, KeyPair>>,
    private readonly revoked: RevokedKeys,
  ) {
    this.#subscribers = new Subscribers(join(dir, 'subscribers'), keys);
  }

  static async open(dir: string): Promise<BusAuthority> {
    const key = async (name: SeedName, make: () => KeyPair): Promise<KeyPair> => fromSeed(Buffer.from((await keepOnce(join(dir, 'authority', `${name}.seed`), () => Buffer.from(make().getSeed()).toString('ascii'))).trim()));
    const keys = {
      operator: await key('operator', createOperator),
      sys: await key('sys', createAccount),
      control: await key('control', createAccount),
      agents: await key('agents', createAccount),
      'agents-signer': await key('agents-signer', createAccount),
      'enrolment-signer': await key('enrolment-signer', createAccount),
    };
    return new BusAuthority(dir, keys, await RevokedKeys.open(join(dir, 'authority', 'revoked-keys.json')));
  }

  async tokens(): Promise<BusTokens> {
    const { operator, sys, control, agents } = this.keys;
    const account = (name: AccountName, key: KeyPair, claims: Partial<Account>): Promise<string> => this.#account(name, key, claims);
    const users = (await this.#subscribers.names()).map(subscriberUser);
    // The library has no name for mappings yet; the broker reads them from the token.
    const ofControl: Partial<Account> & { mappings: ReturnType<typeof subscriberMappings> } = { limits: WITH_JETSTREAM, exports: [...CONTROL_EXPORTS, ...subscriberExports(users)], mappings: subscriberMappings(users) };
    const tokens = {
      [sys.getPublicKey()]: await account('SYS', sys, { limits: UNLIMITED }),
      [control.getPublicKey()]: await account('CONTROL', control, ofControl),
      [agents.getPublicKey()]: await this.agentsToken(),
      ...(await this.#subscribers.accountTokens()),
    };
    return { operator: await encodeOperator('mailwarden', operator, { system_account: sys.getPublicKey() }), systemAccount: sys.getPublicKey(), accounts: tokens };
  }

  /** The token of the agents' account as it is now, with the keys that are shut out. */
  agentsToken(): Promise<string> {
    const { agents, control } = this.keys;
    const signing_keys = [this.#scoped('agents-signer', 'agent', AGENT_TEMPLATE), this.#scoped('enrolment-signer', 'enrolment', ENROLMENT_TEMPLATE)];
    return this.#account('AGENTS', agents, { limits: UNLIMITED, imports: agentsImports(control.getPublicKey()), signing_keys, revocations: this.revoked.claims() });
  }

  /** Shuts keys out of the bus for ever. Returns the account's new token for the broker; null where all were shut out before. */
  async shutOut(busKeys: readonly string[]): Promise<string | null> {
    return (await this.revoked.add(busKeys)) ? this.agentsToken() : null;
  }

  /** Key of the credential that was made here for a server; null where it made its own. */
  async keyMadeFor(server: string): Promise<string | null> {
    requirePlainName(server);
    const seed = await readPrivate(this.#seedFile(`agent-${server}`)).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return null;
      throw cause;
    });
    return seed === null ? null : fromSeed(Buffer.from(seed.trim())).getPublicKey();
  }

  /** Writes what the reporting service makes agents' credentials with, and returns the file. */
  async issuerFile(): Promise<string> {
    const file = join(this.dir, 'creds', 'issuer.json');
    const seedOf = (name: SeedName): string => Buffer.from(this.keys[name].getSeed()).toString('ascii');
    const keys: IssuerKeys = { account: this.keys.agents.getPublicKey(), agentSigner: seedOf('agents-signer'), enrolmentSigner: seedOf('enrolment-signer') };
    await writePrivate(file, `${JSON.stringify(keys, null, 2)}\n`);
    return file;
  }

  /** Credentials that bring the accounts' tokens to a broker that runs, and do nothing else; for the runtime alone. */
  accountKeeperCredentials(): Promise<string> {
    return this.#issue('account-keeper', (user) => encodeUser('account-keeper', user, this.keys.sys, KEEPER_OF_ACCOUNTS));
  }

  /** Credentials of a service in the control account. */
  async serviceCredentials(name: string): Promise<string> {
    requirePlainName(name);
    return this.#issue(name, (user) => encodeUser(name, user, this.keys.control, {}));
  }

  /** Credentials of one agent: whoever holds them speaks as that server and as nobody else. */
  async agentCredentials(server: string): Promise<string> {
    requirePlainName(server);
    return this.#issue(`agent-${server}`, (user) => this.#encodeScoped('agents', 'agents-signer', agentUser(server), user, [`server:${server}`]));
  }

  /** Credentials of one subscriber to events. A new one is let in when the broker has the tokens. */
  async siemCredentials(name: string): Promise<string> {
    requirePlainName(name);
    return this.#issue(subscriberUser(name), (user) => this.#subscribers.userToken(name, user));
  }

  /** Names of all who have credentials as subscribers. */
  subscribers(): Promise<string[]> {
    return this.#subscribers.names();
  }

  #account(name: AccountName, key: KeyPair, claims: Partial<Account>): Promise<string> {
    return encodeAccount(name, key, claims, { signer: this.keys.operator });
  }

  #seedFile = (name: string): string => join(this.dir, 'creds', `${name}.seed`);

  #scoped(name: SeedName, role: string, template: Partial<UserPermissionsLimits>): ReturnType<typeof newScopedSigner> {
    return newScopedSigner(this.keys[name], role, template);
  }

  #encodeScoped(account: 'agents', signer: SeedName, name: string, user: KeyPair, tags: string[]): Promise<string> {
    return encodeUser(name, user, this.keys[account], { tags }, { signer: this.keys[signer], scopedUser: true });
  }

  /** Made anew each time: a credential follows its account's present template. */
  async #issue(name: string, encode: (user: KeyPair) => Promise<string>): Promise<string> {
    const file = join(this.dir, 'creds', `${name}.creds`);
    const seed = await keepOnce(this.#seedFile(name), () => Buffer.from(createUser().getSeed()).toString('ascii'));
    const user = fromSeed(Buffer.from(seed.trim()));
    await writePrivate(file, fmtCreds(await encode(user), user));
    return file;
  }
}
