import { MESSAGE_TYPES, observation, serverOfSource, textTold, type Observation, type TextTold } from '@mailwarden/contracts';
import { Consumes, Poison, RetryLater, type Received } from '@mailwarden/messaging';
import { handleOnce, OutboxRelay } from '@mailwarden/persistence';
import { Controller } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BundlePress } from '../apply-policy/bundle-press.js';
import { OBSERVATION_AGE_MS_MAX, OrderBook } from './order-book.js';

const NO_BUNDLE_RETRY_MS = 2_000;

@Controller()
export class ObservationConsumer {
  constructor(
    private readonly dataSource: DataSource,
    private readonly press: BundlePress,
    private readonly orders: OrderBook,
    private readonly relay: OutboxRelay,
  ) {}

  @Consumes('rotation-observations', { types: { [MESSAGE_TYPES.observation]: observation, [MESSAGE_TYPES.textTold]: textTold } })
  async consume({ envelope }: Received<Observation | TextTold>): Promise<void> {
    // A text that an officer asked for: the consent registry takes it.
    if (envelope.type === MESSAGE_TYPES.textTold) return;
    const seen = envelope.data as Observation;
    if (serverOfSource(envelope.source) !== seen.server) throw new Poison('an agent spoke in the name of another server');
    const nowMs = Date.now();
    // One by a clock so far ahead says nothing about now either.
    if (Math.abs(nowMs - Date.parse(seen.startedAt)) > OBSERVATION_AGE_MS_MAX) return;
    const bundle = this.press.bundleOf(seen.server);
    if (bundle === undefined) throw new RetryLater(NO_BUNDLE_RETRY_MS, 'the server has no bundle yet');
    await handleOnce(this.dataSource, 'rotation-observations', `${envelope.source} ${envelope.id}`, (tx) => this.orders.consider(tx, seen, bundle, nowMs));
    this.relay.kick();
  }
}
