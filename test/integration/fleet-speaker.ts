import { randomUUID } from 'node:crypto';
import { agentSource, MESSAGE_TYPES, sealEnvelope, SIGNING_CONTEXTS, subjects, type Attestation, type Heartbeat, type Observation, type Receipt, type RotationOrder, type StoreObservation } from '@mailwarden/contracts';
import { loadSigner, type IdentityFiles } from '@mailwarden/identity';
import { instantOf, known, sha256, signDocument, unknown, type Signer } from '@mailwarden/kernel';
import { connectAgentBus, type AgentBus } from '@mailwarden/messaging';

export const PROFILE = 'kaspersky-klms-8';
export const STORE = 'backup';
const SCAN_MS = 20;
const INSIST_MS_MAX = 60_000;
const TRY_EVERY_MS = 100;

/** What one store looks like in an observation; the rest of it is quiet. */
export type StoreFacts = Partial<StoreObservation> & { readonly bytes?: number };

export function storeOf({ bytes = 1_000, ...rest }: StoreFacts = {}): StoreObservation {
  return {
    id: STORE, kind: 'pair', present: true, items: known(10), bytesApparent: known(bytes), bytesAllocated: known(bytes), oldestAt: known(instantOf(Date.now() - 60_000)), newestAt: known(instantOf(Date.now() - 30_000)),
    configuredLimits: [], access: { accounts: [], breaches: [] }, skipped: [], unknown: [], ...rest,
  } as StoreObservation;
}

export function observationOf(server: string, facts: StoreFacts = {}, startedAtMs = Date.now()): Observation {
  return {
    schema: 'mailwarden/observation/v1', server, profile: PROFILE, product: { name: 'Kaspersky Secure Mail Gateway', version: known('8.0') }, startedAt: instantOf(startedAtMs), durationMs: SCAN_MS, serviceStartedAt: unknown('not asked'),
    stores: [storeOf(facts)], settings: {}, ksn: known('off'), agreements: [], flows: [], licence: unknown('not asked'), afterOrder: null, bundleVersion: null,
  } as unknown as Observation;
}

export function attestationOf(server: string, revisions: Readonly<Record<string, number>>, appliedAtMs = Date.now()): Attestation {
  return { schema: 'mailwarden/attestation/v1', server, revisions, agreements: [], ksn: { desired: 'off', actual: known('off') }, compliant: true, appliedAt: instantOf(appliedAtMs) } as unknown as Attestation;
}

export function receiptOf(order: RotationOrder, part: Partial<Receipt> = {}): Receipt {
  const now = Date.now();
  return {
    schema: 'mailwarden/receipt/v1', order: order.id, server: order.server, profile: order.profile, store: order.store, policy: order.policy.name, outcome: 'completed', reason: '', before: { items: 10, bytes: 5_000 },
    planned: { items: 4, bytes: 2_000, oldestAt: null, newestAt: null, digest: sha256('plan') }, deleted: { items: 4, bytes: 2_000 }, skipped: [], after: known({ items: 6, bytes: 3_000 }), resumed: false, bounds: order.bounds,
    startedAt: instantOf(now - SCAN_MS), finishedAt: instantOf(now), clock: { wallMs: SCAN_MS, monotonicMs: SCAN_MS }, ...part,
  };
}

/** An agent's voice: its own credential, its own key, its own numbering; what it says is up to the suite. */
export class FleetSpeaker {
  #sequence = 0;

  private constructor(
    readonly server: string,
    readonly bus: AgentBus,
    readonly agentKey: Signer,
    readonly executorKey: Signer,
  ) {}

  static async connect(server: string, url: string, identity: IdentityFiles): Promise<FleetSpeaker> {
    const files = identity.servers.get(server);
    if (files === undefined) throw new Error(`${server} has no identity`);
    const [agentKey, executorKey] = await Promise.all([loadSigner(files.signingKey), loadSigner(files.executorKey)]);
    return new FleetSpeaker(server, await connectAgentBus({ url, credsFile: files.creds, caFile: identity.certificates.ca, server }), agentKey, executorKey);
  }

  /** Seals, and publishes until the bus took it, as a spool does: under the same id each time. Returns the very bytes, so that they can be said again. */
  async say(subject: string, type: string, data: unknown, part: { id?: string; sequence?: number; signer?: Signer } = {}): Promise<Uint8Array> {
    this.#sequence += 1;
    const id = part.id ?? randomUUID();
    const envelope = sealEnvelope(part.signer ?? this.agentKey, { id, source: agentSource(this.server), type, time: instantOf(Date.now()), subject, sequence: part.sequence ?? this.#sequence, data });
    const bytes = Buffer.from(JSON.stringify(envelope));
    for (const until = Date.now() + INSIST_MS_MAX; ; ) {
      try {
        await this.bus.publishDurable(subject, id, bytes);
        return bytes;
      } catch (cause) {
        if (Date.now() > until) throw cause;
        await new Promise((resolve) => setTimeout(resolve, TRY_EVERY_MS));
      }
    }
  }

  /** Publishes sealed bytes once more under a message id of their own, as a stream that was restored would. */
  repeat(subject: string, bytes: Uint8Array): Promise<void> {
    return this.bus.publishDurable(subject, randomUUID(), bytes);
  }

  observe(facts: StoreFacts = {}, startedAtMs = Date.now(), part: { sequence?: number } = {}): Promise<Uint8Array> {
    return this.say(subjects.observation(this.server), MESSAGE_TYPES.observation, observationOf(this.server, facts, startedAtMs), part);
  }

  attest(revisions: Readonly<Record<string, number>>, appliedAtMs = Date.now()): Promise<Uint8Array> {
    return this.say(subjects.attestation(this.server), MESSAGE_TYPES.attestation, attestationOf(this.server, revisions, appliedAtMs));
  }

  account(receipt: Receipt, signer: Signer = this.executorKey): Promise<Uint8Array> {
    return this.say(subjects.receipt(this.server), MESSAGE_TYPES.receipt, signDocument(signer, SIGNING_CONTEXTS.receipt, receipt));
  }

  /** A sign of life, by this agent's key or by another's. */
  beat(atMs = Date.now(), signer: Signer = this.agentKey): void {
    const subject = subjects.heartbeat(this.server);
    const data: Heartbeat = { schema: 'mailwarden/heartbeat/v1', server: this.server as Heartbeat['server'], at: instantOf(atMs), agentVersion: '0.0.0', mode: 'observe', bundleVersion: null, spool: { messages: 0, bytes: 0, lost: 0 }, pid: 1 };
    this.bus.publishCore(subject, Buffer.from(JSON.stringify(sealEnvelope(signer, { id: randomUUID(), source: agentSource(this.server), type: MESSAGE_TYPES.heartbeat, time: data.at, subject, sequence: 0, data }))));
  }
}
