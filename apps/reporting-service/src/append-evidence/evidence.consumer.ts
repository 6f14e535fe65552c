import { attestation, evidence, MESSAGE_TYPES, serverOfSource, signedReceipt, SIGNING_CONTEXTS, type Attestation, type Envelope, type Evidence, type SignedReceipt } from '@mailwarden/contracts';
import { instantOf, verifySignature, type Instant } from '@mailwarden/kernel';
import { Consumes, FleetKeyring, Poison, RetryLater, type Received } from '@mailwarden/messaging';
import { handleOnce } from '@mailwarden/persistence';
import { Controller } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { AttestationProjection } from '../follow-consent/attestation-projection.js';
import { lockServer } from '../keep-findings/finding-book.js';
import { lineOf, SequenceBook } from '../keep-sequences/sequence-book.js';
import { LiveUpdates } from '../live-updates/live-updates.js';
import { ObservationProjection } from '../project-observation/observation-projection.js';
import { receiptSignatureHolds, RotationProjection } from '../project-rotation/rotation-projection.js';
import { StoppedRotations } from '../project-rotation/stopped-rotations.js';
import { EventOutbox } from '../say-event/event-outbox.js';
import { handledKey, requireOwnWord, requireStorable } from '../schema/received.js';
import { LedgerBook } from './ledger-book.js';

const CONSUMER = 'reporting-evidence';
/** The ledger's word of a bundle may come a moment after the receipt that names it. Units: milliseconds. */
const BUNDLE_RETRY_MS = 1_000;

/** Takes what must never be lost into the ledger, and shows what it says. */
@Controller()
export class EvidenceConsumer {
  constructor(
    private readonly dataSource: DataSource,
    private readonly ledger: LedgerBook,
    private readonly rotations: RotationProjection,
    private readonly stopped: StoppedRotations,
    private readonly attestations: AttestationProjection,
    private readonly observations: ObservationProjection,
    private readonly keyring: FleetKeyring,
    private readonly events: EventOutbox,
    private readonly live: LiveUpdates,
    private readonly sequences: SequenceBook,
  ) {}

  @Consumes(CONSUMER, { types: { [MESSAGE_TYPES.receipt]: signedReceipt, [MESSAGE_TYPES.attestation]: attestation, [MESSAGE_TYPES.evidence]: evidence } })
  async consume({ envelope }: Received<SignedReceipt | Attestation | Evidence>): Promise<void> {
    const now = instantOf(Date.now());
    switch (envelope.type) {
      case MESSAGE_TYPES.receipt:
        await this.#receipt(envelope as Envelope<SignedReceipt>, now);
        break;
      case MESSAGE_TYPES.attestation:
        await this.#attestation(envelope as Envelope<Attestation>, now);
        break;
      default:
        await this.#evidence(envelope as Envelope<Evidence>, now);
    }
    this.events.kick();
  }

  /** Lines of numbers are always locked before servers. */
  #count(tx: EntityManager, envelope: Envelope, now: Instant): Promise<void> {
    return this.sequences.note(tx, envelope, lineOf(envelope.source, 'evidence'), now);
  }

  async #receipt(envelope: Envelope<SignedReceipt>, now: Instant): Promise<void> {
    const { payload } = envelope.data;
    requireOwnWord(envelope, payload.server);
    const signatureHolds = receiptSignatureHolds(envelope.data, this.keyring.executorKeyOf(payload.server));
    if (!signatureHolds) throw new Poison('the receipt is not signed by the executor of its server');
    await handleOnce(this.dataSource, CONSUMER, handledKey(envelope), async (tx) => {
      await this.#count(tx, envelope, now);
      // A server's row is always locked before the ledger's head, so that two transactions never wait for each other.
      await lockServer(tx, payload.server);
      if (await this.rotations.isOrderOfAnother(tx, envelope.data)) throw new Poison('the receipt tells of another store than its order');
      const id = await this.rotations.keptAs(tx, envelope.data);
      await this.#admitBundle(tx, envelope.data, id);
      const leafIndex = await this.ledger.append(tx, { kind: 'receipt', reference: payload.order, document: envelope.data, at: now });
      await this.rotations.keepReceipt(tx, envelope.data, { id, signatureHolds, leafIndex, at: now });
      await this.stopped.look(tx, payload.server, payload.profile, now);
    });
    for (const topic of ['rotations', 'server', 'fleet'] as const) this.live.tell(topic, payload.server);
  }

  /** A host that acted by its bundle alone names a version that was issued to it, and is shown as a rotation without an order. */
  async #admitBundle(tx: EntityManager, receipt: SignedReceipt, keptAs: string): Promise<void> {
    const { authority, server } = receipt.payload;
    if (authority?.kind !== 'bundle') return;
    if (!(await this.rotations.isIssuedBundle(tx, server, authority.version))) throw new RetryLater(BUNDLE_RETRY_MS, 'no bundle of this version is known to have been issued');
    await this.rotations.keepWithoutOrder(tx, receipt, keptAs);
  }

  async #attestation(envelope: Envelope<Attestation>, now: Instant): Promise<void> {
    const { server } = envelope.data;
    requireOwnWord(envelope, server);
    await handleOnce(this.dataSource, CONSUMER, handledKey(envelope), async (tx: EntityManager) => {
      await this.#count(tx, envelope, now);
      await this.observations.judgeAgain(tx, server, now);
      await this.attestations.keep(tx, envelope.data, { sequence: envelope.sequence, at: now });
      await this.ledger.append(tx, { kind: 'attestation', reference: server, document: this.#signed(envelope), at: now });
    });
    for (const topic of ['consent', 'server', 'fleet'] as const) this.live.tell(topic, server);
  }

  /** What the ledger keeps of a message: all of it with its signature, so that anybody can check later who said it. Members that this version does not know are not kept, and then the signature would be of something else: what the message says stands alone. */
  #signed(envelope: Envelope): unknown {
    const { signature, ...unsigned } = envelope;
    const key = this.keyring.keyOf(envelope.source);
    return key !== undefined && verifySignature(key, SIGNING_CONTEXTS.envelope, unsigned, signature) ? envelope : envelope.data;
  }

  async #evidence(envelope: Envelope<Evidence>, now: Instant): Promise<void> {
    if (serverOfSource(envelope.source) !== undefined) throw new Poison('an agent spoke as a service');
    requireStorable(envelope.data);
    const { kind, id } = envelope.data;
    await handleOnce(this.dataSource, CONSUMER, handledKey(envelope), async (tx: EntityManager) => {
      await this.#count(tx, envelope, now);
      await this.ledger.append(tx, { kind, reference: id, document: this.#signed(envelope), at: now });
    });
  }
}
