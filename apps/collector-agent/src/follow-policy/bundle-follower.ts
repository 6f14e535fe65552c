import { BUCKETS, SIGNING_CONTEXTS, signedPolicyBundle, type PolicyBundle, type SignedPolicyBundle, type TrustAnchors } from '@mailwarden/contracts';
import { type Result, err, ok } from '@mailwarden/kernel';
import type { AgentBus } from '@mailwarden/messaging';
import type { Logger } from '@mailwarden/observability';
import type { AgentSettings } from '../agent-settings.js';
import type { AgentState } from '../agent-state.js';
import type { LastKnown } from '../keep-last-known/last-known.js';
import { openSignedJson } from '../signed-json.js';

const KEY = 'bundle';

/** Keeps the newest policy bundle of this server: verified, never older than the one before, on disk for the time without a control plane. */
export class BundleFollower {
  readonly #changed: (() => void)[] = [];

  constructor(
    private readonly settings: AgentSettings,
    private readonly trust: TrustAnchors,
    private readonly state: AgentState,
    private readonly lastKnown: LastKnown,
    private readonly log: Logger,
  ) {}

  onChange(listener: () => void): void {
    this.#changed.push(listener);
  }

  /** Takes up the bundle of the last run, if it still verifies. */
  async restore(): Promise<void> {
    const bytes = await this.lastKnown.read(KEY);
    if (bytes === null) return;
    const bundle = this.#verify(bytes);
    if (bundle.ok) this.#takeUp(bundle.value, bytes);
    else this.log.warn({ reason: bundle.error }, 'the bundle on disk is not used');
  }

  async follow(bus: AgentBus): Promise<void> {
    await bus.watchLatest(BUCKETS.bundle.name, [this.settings.server], (_key, bytes) => this.#accept(bytes));
  }

  #verify(bytes: Uint8Array): Result<PolicyBundle, string> {
    const opened = openSignedJson(bytes, { schema: signedPolicyBundle, context: SIGNING_CONTEXTS.bundle, publicKey: this.trust.rotation });
    if (!opened.ok) return opened;
    return opened.value.server === this.settings.server ? ok(opened.value) : err('it is for another server');
  }

  #takeUp(bundle: PolicyBundle, bytes: Uint8Array): void {
    this.state.bundle = bundle;
    this.state.signedBundle = JSON.parse(Buffer.from(bytes).toString('utf8')) as SignedPolicyBundle;
  }

  async #accept(bytes: Uint8Array): Promise<void> {
    const bundle = this.#verify(bytes);
    if (!bundle.ok) {
      this.log.warn({ reason: bundle.error }, 'a bundle was refused');
      return;
    }
    if (this.state.bundle !== null && bundle.value.version <= this.state.bundle.version) return;
    // It counts from now on, also when the disk is full: a hold or a milder mode waits for nothing.
    this.#takeUp(bundle.value, bytes);
    await this.lastKnown.keep(KEY, bytes).catch((cause: unknown) => this.log.error({ err: cause }, 'a bundle counts but could not be kept on disk'));
    this.log.info({ version: bundle.value.version, rules: bundle.value.rules.length }, 'bundle taken up');
    for (const listener of this.#changed) listener();
  }
}
