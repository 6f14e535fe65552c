import { loadTrust } from '@mailwarden/config';
import { openSigned, signedMembership, SIGNING_CONTEXTS, type Membership, type TrustAnchors } from '@mailwarden/contracts';
import { BusAuthority, type IdentityFiles } from '@mailwarden/identity';
import { bringAccount, connectBus, watchBucket } from '@mailwarden/messaging';

const AGAIN_MS = 2_000;

type Bus = Awaited<ReturnType<typeof connectBus>>;

/**
 * Shuts the keys of removed servers out of the bus, while it runs: the broker then ends their connections at once.
 * Safety: it goes by memberships that the reporting service has signed. It alone, with the runtime, has the keys of the bus.
 */
export class AccountKeeper {
  #working: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | null = null;
  /** The broker has not taken the newest token yet. */
  #pending: string | null = null;
  #stopped = false;

  private constructor(
    private readonly control: Bus,
    private readonly system: Bus,
    private readonly authority: BusAuthority,
    private readonly trust: TrustAnchors,
    private readonly say: (line: string) => void,
  ) {}

  static async start(identity: IdentityFiles, url: string, say: (line: string) => void): Promise<AccountKeeper> {
    const address = { url, caFile: identity.certificates.ca, name: 'mailwarden-accounts' };
    const control = await connectBus({ ...address, credsFile: identity.services.reporting.creds });
    const system = await connectBus({ ...address, credsFile: identity.accountKeeperCreds });
    const keeper = new AccountKeeper(control, system, await BusAuthority.open(identity.authorityDir), await loadTrust(identity.trust), say);
    await watchBucket(control, 'fleet', '>', ({ key, value }) => keeper.#take(key, value));
    return keeper;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#working;
    await this.control.close();
    await this.system.close();
  }

  #take(key: string, value: unknown): void {
    const opened = openSigned(value, { schema: signedMembership, context: SIGNING_CONTEXTS.membership, publicKey: this.trust.reporting });
    if (!opened.ok || opened.value.payload.server !== key) return;
    const { payload } = opened.value;
    this.#working = this.#working.then(() => this.#shutOut(payload)).catch((cause: unknown) => this.say(`keys of ${key} could not be shut out of the bus: ${String(cause)}`));
  }

  async #shutOut({ server, status, bus }: Membership): Promise<void> {
    const made = status === 'revoked' ? await this.authority.keyMadeFor(server) : null;
    const keys = [...(bus?.revoked ?? []), ...(status === 'revoked' ? (bus?.keys ?? []) : []), ...(made === null ? [] : [made])];
    this.#pending = (await this.authority.shutOut(keys)) ?? this.#pending;
    await this.#bring();
  }

  /** Brings the account's token to the broker; until it has it, again and again. */
  async #bring(): Promise<void> {
    const token = this.#pending;
    if (token === null || this.#stopped) return;
    if (await bringAccount(this.system, token)) {
      if (this.#pending === token) this.#pending = null;
      return;
    }
    this.say('the bus has not taken the keys that are shut out; it is told again');
    this.#timer = setTimeout(() => {
      this.#working = this.#working.then(() => this.#bring());
    }, AGAIN_MS);
  }
}
