import { serverOfSource, serviceSource, SIGNING_CONTEXTS, signedMembership, type Labels, type Membership, type TrustAnchors } from '@mailwarden/contracts';
import { verifySignature, type PublicKeyText, type SignedDocument } from '@mailwarden/kernel';
import type { NatsConnection } from '@nats-io/transport-node';
import { watchBucket, type BucketEntry } from './bucket.js';

/** Who may speak, and by which keys their word is checked: services from the trust anchors, agents from signed memberships. */
export class FleetKeyring {
  readonly #members = new Map<string, Membership>();
  readonly #listeners: (() => void)[] = [];
  readonly #watching: Promise<{ stop(): Promise<void> }>;

  constructor(
    bus: NatsConnection,
    private readonly trust: TrustAnchors,
  ) {
    this.#watching = watchBucket(bus, 'fleet', '>', (entry) => this.#take(entry));
    this.#watching.catch(() => undefined); // Whoever awaits `ready` hears of it.
  }

  /** Resolves when every membership that stood at the start is known. */
  async ready(): Promise<void> {
    await this.#watching;
  }

  async close(): Promise<void> {
    await (await this.#watching).stop();
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  keyOf(source: string): PublicKeyText | undefined {
    const server = serverOfSource(source);
    if (server !== undefined) return this.#active(server)?.agentKey;
    for (const service of ['reporting', 'rotation', 'consent'] as const) if (source === serviceSource(service)) return this.trust[service];
    return undefined;
  }

  executorKeyOf(server: string): PublicKeyText | undefined {
    return this.#active(server)?.executorKey;
  }

  labelsOf(server: string): Labels | undefined {
    return this.#active(server)?.labels;
  }

  /** Active servers, by name. */
  members(): Membership[] {
    return [...this.#members.values()].filter(({ status }) => status === 'active').sort((a, b) => (a.server < b.server ? -1 : 1));
  }

  #active(server: string): Membership | undefined {
    const member = this.#members.get(server);
    return member?.status === 'active' ? member : undefined;
  }

  /** What is not signed by the reporting service, or stands under another name, changes nothing. */
  #take({ key, value }: BucketEntry): void {
    const parsed = signedMembership.safeParse(value);
    if (!parsed.success || parsed.data.payload.server !== key) return;
    const raw = value as SignedDocument<unknown>;
    if (!verifySignature(this.trust.reporting, SIGNING_CONTEXTS.membership, raw.payload, parsed.data.signature)) return;
    this.#members.set(key, parsed.data.payload);
    for (const listener of this.#listeners) listener();
  }
}
