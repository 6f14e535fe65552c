import { MESSAGE_TYPES, serviceSource, signedRotationOrder, type SignedRotationOrder, type TrustAnchors } from '@mailwarden/contracts';
import { instantOf } from '@mailwarden/kernel';
import { Consumes, Poison, type Received } from '@mailwarden/messaging';
import { handleOnce } from '@mailwarden/persistence';
import { Controller, Inject } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { SequenceBook } from '../keep-sequences/sequence-book.js';
import { LiveUpdates } from '../live-updates/live-updates.js';
import { handledKey, requireStorable } from '../schema/received.js';
import { TRUST } from '../tokens.js';
import { orderSignatureHolds, RotationProjection } from './rotation-projection.js';

@Controller()
export class OrderConsumer {
  constructor(
    private readonly dataSource: DataSource,
    private readonly projection: RotationProjection,
    private readonly live: LiveUpdates,
    private readonly sequences: SequenceBook,
    @Inject(TRUST) private readonly trust: TrustAnchors,
  ) {}

  @Consumes('reporting-orders', { types: { [MESSAGE_TYPES.order]: signedRotationOrder } })
  async consume({ envelope }: Received<SignedRotationOrder>): Promise<void> {
    if (envelope.source !== serviceSource('rotation')) throw new Poison('only the rotation worker gives orders');
    if (!orderSignatureHolds(envelope.data, this.trust.rotation)) throw new Poison('the order is not signed by the rotation worker');
    requireStorable(envelope.data);
    await handleOnce(this.dataSource, 'reporting-orders', handledKey(envelope), async (tx) => {
      await this.sequences.note(tx, envelope, 'order', instantOf(Date.now()));
      await this.projection.keepOrder(tx, envelope.data);
    });
    for (const topic of ['rotations', 'server'] as const) this.live.tell(topic, envelope.data.payload.server);
  }
}
