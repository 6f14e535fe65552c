import type { Profile } from '@mailwarden/catalogue';
import {
  BUCKETS,
  MESSAGE_TYPES,
  scopeKey,
  scopesOf,
  SIGNING_CONTEXTS,
  signedConsentEntry,
  subjects,
  type ConsentEntry,
  type TrustAnchors,
} from '@mailwarden/contracts';
import { instantOf } from '@mailwarden/kernel';
import type { AgentBus } from '@mailwarden/messaging';
import type { Logger } from '@mailwarden/observability';
import type { AgentSettings } from '../agent-settings.js';
import type { AgentState } from '../agent-state.js';
import type { EgressFollower } from '../follow-egress/egress-follower.js';
import type { Outbox } from '../forward-messages/outbox.js';
import type { LastKnown } from '../keep-last-known/last-known.js';
import { openSignedJson } from '../signed-json.js';
import { attest } from './attest.js';

const KEPT_PREFIX = 'consent.';

/** Follows the consent entries of this server's scopes and attests what it applied, as soon as anything of it changes. */
export class ConsentFollower {
  #bus: AgentBus | null = null;
  #watch: { stop(): Promise<void> | void } | null = null;
  #keys: readonly string[] = [];
  #lastAttested = '';

  constructor(
    private readonly settings: AgentSettings,
    private readonly trust: TrustAnchors,
    private readonly state: AgentState,
    private readonly lastKnown: LastKnown,
    private readonly outbox: Outbox,
    private readonly host: { readonly profiles: readonly Profile[]; readonly egress: EgressFollower },
    private readonly log: Logger,
  ) {}

  /** Takes up the entries of the last run, if they still verify. */
  async restore(): Promise<void> {
    for (const key of this.#scopeKeys()) {
      const bytes = await this.lastKnown.read(KEPT_PREFIX + key);
      const entry = bytes === null ? null : this.#verify(key, bytes);
      if (bytes !== null && entry !== null) this.#takeUp(key, entry, bytes);
    }
  }

  async follow(bus: AgentBus): Promise<void> {
    this.#bus = bus;
    await this.rewatch();
  }

  /** Watches the scopes that the server's labels put it in; called again when a bundle brings other labels. Never throws: orders and measuring go on, and each scan attests again what could not be attested. */
  rewatch(): Promise<void> {
    return this.#surely(() => this.#watchScopes());
  }

  /** Attests what the packet filter has come to. Never throws. */
  filterChanged(): Promise<void> {
    return this.#surely(() => this.attestIfChanged());
  }

  async #surely(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      this.log.error({ err: cause }, 'consent could not be followed or attested; the next scan tries again');
    }
  }

  async #watchScopes(): Promise<void> {
    const keys = this.#scopeKeys();
    if (this.#bus === null || keys.join(' ') === this.#keys.join(' ')) return;
    this.#keys = keys;
    await this.#watch?.stop();
    for (const known of this.state.consent.keys()) if (!keys.includes(known)) this.#drop(known);
    await this.restore();
    this.#watch = await this.#bus.watchLatest(BUCKETS.consent.name, [...keys], (key, bytes) => this.#accept(key, bytes));
    await this.attestIfChanged();
  }

  /** Attests when what would be attested differs from the last attestation in anything but its time. */
  async attestIfChanged(): Promise<void> {
    const attestation = attest({
      server: this.settings.server,
      labels: this.state.bundle?.labels ?? {},
      entries: [...this.state.consent.values()],
      observations: [...this.state.observations.values()],
      profiles: this.host.profiles,
      bundle: this.state.bundle,
      egress: this.host.egress.standing,
      at: instantOf(Date.now()),
    });
    const fingerprint = JSON.stringify({ ...attestation, appliedAt: null });
    if (fingerprint === this.#lastAttested) return;
    this.#lastAttested = fingerprint;
    try {
      await this.outbox.append({ class: 'evidence', subject: subjects.attestation(this.settings.server), type: MESSAGE_TYPES.attestation, data: attestation });
    } catch (cause) {
      this.#lastAttested = ''; // It was not said: the next look says it.
      throw cause;
    }
    this.log.info({ compliant: attestation.compliant, desired: attestation.ksn.desired }, 'consent attested');
  }

  #scopeKeys(): string[] {
    return scopesOf(this.settings.server, this.state.bundle?.labels ?? {}).map(scopeKey);
  }

  #verify(key: string, bytes: Uint8Array): ConsentEntry | null {
    const opened = openSignedJson(bytes, { schema: signedConsentEntry, context: SIGNING_CONTEXTS.consent, publicKey: this.trust.consent });
    if (opened.ok && scopeKey(opened.value.scope) === key) return opened.value;
    this.log.warn({ reason: opened.ok ? 'it is for another scope' : opened.error }, 'a consent entry was refused');
    return null;
  }

  async #accept(key: string, bytes: Uint8Array): Promise<void> {
    const entry = this.#verify(key, bytes);
    if (entry === null) return;
    const before = this.state.consent.get(key);
    if (before !== undefined && entry.revision <= before.revision) return;
    // It counts from now on, also when the disk is full: a withdrawal waits for nothing.
    this.#takeUp(key, entry, bytes);
    const filtered = this.host.egress.follow();
    await this.lastKnown.keep(KEPT_PREFIX + key, bytes).catch((cause: unknown) => this.log.error({ err: cause, key }, 'a consent entry counts but could not be kept on disk'));
    // What is attested is what the packet filter stands by.
    await filtered;
    await this.attestIfChanged();
  }

  #takeUp(key: string, entry: ConsentEntry, bytes: Uint8Array): void {
    this.state.consent.set(key, entry);
    this.state.signedConsent.set(key, JSON.parse(Buffer.from(bytes).toString('utf8')));
  }

  #drop(key: string): void {
    this.state.consent.delete(key);
    this.state.signedConsent.delete(key);
  }
}
