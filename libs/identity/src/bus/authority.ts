import { join } from 'node:path';
import { NAME_PATTERN } from '@mailwarden/kernel';
import { createAccount, createOperator, createUser, encodeAccount, encodeOperator, encodeUser, fmtCreds, fromSeed, newScopedSigner, type Account, type KeyPair, type OperatorLimits, type UserPermissionsLimits } from '@nats-io/jwt';
import { keepOnce, writePrivate } from '../private-file.js';
import { AGENT_TEMPLATE, agentsImports, agentUser, CONTROL_EXPORTS, SIEM_TEMPLATE, siemImports, type AccountName } from './accounts.js';

/** What the broker must know: the operator's token and those of the accounts. No secret is in it. */
export interface BusTokens {
  readonly operator: string;
  readonly systemAccount: string;
  readonly accounts: Readonly<Record<string, string>>;
}

type SeedName = 'operator' | 'sys' | 'control' | 'agents' | 'siem' | 'agents-signer' | 'siem-signer';

const UNLIMITED: OperatorLimits = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
const WITH_JETSTREAM: OperatorLimits = { ...UNLIMITED, mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };
/** Subscribers have one stream, the copy of the events, and make consumers on it; a flood of them ends here. Units: bytes for memory. */
const OF_SUBSCRIBERS: OperatorLimits = { ...WITH_JETSTREAM, streams: 1, consumer: 200, mem_storage: 67_108_864 };

/** Safety: a name becomes a token of subjects and part of a file's name; one like `*` once let an agent speak as everyone. Errors: throws for any other. */
function requirePlainName(name: string): void {
  if (!NAME_PATTERN.test(name)) throw new Error(`no credential is issued for ${JSON.stringify(name.slice(0, 80))}: a name is 1 to 63 characters of a-z, 0-9 and "-", and neither begins nor ends with "-"`);
}

/** The keys that accounts and credentials of one bus are made with. Safety: whoever holds them is the bus; they stay in files of their owner. */
export class BusAuthority {
  private constructor(
    private readonly dir: string,
    private readonly keys: Readonly<Record<SeedName, KeyPair>>,
  ) {}

  static async open(dir: string): Promise<BusAuthority> {
    const key = async (name: SeedName, make: () => KeyPair): Promise<KeyPair> => fromSeed(Buffer.from((await keepOnce(join(dir, 'authority', `${name}.seed`), () => Buffer.from(make().getSeed()).toString('ascii'))).trim()));
    return new BusAuthority(dir, {
      operator: await key('operator', createOperator),
      sys: await key('sys', createAccount),
      control: await key('control', createAccount),
      agents: await key('agents', createAccount),
      siem: await key('siem', createAccount),
      'agents-signer': await key('agents-signer', createAccount),
      'siem-signer': await key('siem-signer', createAccount),
    });
  }

  async tokens(): Promise<BusTokens> {
    const { operator, sys, control, agents, siem } = this.keys;
    const account = (name: AccountName, key: KeyPair, claims: Partial<Account>): Promise<string> => encodeAccount(name, key, claims, { signer: operator });
    const tokens = {
      [sys.getPublicKey()]: await account('SYS', sys, { limits: UNLIMITED }),
      [control.getPublicKey()]: await account('CONTROL', control, { limits: WITH_JETSTREAM, exports: [...CONTROL_EXPORTS] }),
      [agents.getPublicKey()]: await account('AGENTS', agents, { limits: UNLIMITED, imports: agentsImports(control.getPublicKey()), signing_keys: [this.#scoped('agents-signer', 'agent', AGENT_TEMPLATE)] }),
      [siem.getPublicKey()]: await account('SIEM', siem, { limits: OF_SUBSCRIBERS, imports: siemImports(control.getPublicKey()), signing_keys: [this.#scoped('siem-signer', 'subscriber', SIEM_TEMPLATE)] }),
    };
    return { operator: await encodeOperator('mailwarden', operator, { system_account: sys.getPublicKey() }), systemAccount: sys.getPublicKey(), accounts: tokens };
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

  /** Credentials of one subscriber to events. */
  async siemCredentials(name: string): Promise<string> {
    requirePlainName(name);
    return this.#issue(name, (user) => this.#encodeScoped('siem', 'siem-signer', name, user, []));
  }

  /** Credentials that keep the SIEM account's copy of the event stream; for the runtime alone. */
  mirrorKeeperCredentials(): Promise<string> {
    return this.#issue('siem-keeper', (user) => encodeUser('siem-keeper', user, this.keys.siem, {}));
  }

  #scoped(name: SeedName, role: string, template: Partial<UserPermissionsLimits>): ReturnType<typeof newScopedSigner> {
    return newScopedSigner(this.keys[name], role, template);
  }

  #encodeScoped(account: 'agents' | 'siem', signer: SeedName, name: string, user: KeyPair, tags: string[]): Promise<string> {
    return encodeUser(name, user, this.keys[account], { tags }, { signer: this.keys[signer], scopedUser: true });
  }

  /** Made anew each time: a credential follows its account's present template. */
  async #issue(name: string, encode: (user: KeyPair) => Promise<string>): Promise<string> {
    const file = join(this.dir, 'creds', `${name}.creds`);
    const seed = await keepOnce(join(this.dir, 'creds', `${name}.seed`), () => Buffer.from(createUser().getSeed()).toString('ascii'));
    const user = fromSeed(Buffer.from(seed.trim()));
    await writePrivate(file, fmtCreds(await encode(user), user));
    return file;
  }
}
