import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { AgentBus } from '@mailwarden/messaging';
import type { Tracer } from '@mailwarden/tracing';
import { Heart } from './beat/heart.js';
import type { ExecutorDesk } from './carry-out-orders/executor-desk.js';
import { OrderTaker } from './carry-out-orders/order-taker.js';
import type { ReceiptSender } from './carry-out-orders/receipt-sender.js';
import type { OfflineRules } from './enforce-offline/offline-rules.js';
import { ConsentFollower } from './follow-consent/consent-follower.js';
import { EgressFollower } from './follow-egress/egress-follower.js';
import { BundleFollower } from './follow-policy/bundle-follower.js';
import type { Contact } from './follow-policy/contact.js';
import { TextTeller } from './follow-texts/text-teller.js';
import { Outbox } from './forward-messages/outbox.js';
import { UndeclaredLook } from './look-for-undeclared/undeclared-look.js';
import { Scanner } from './measure-stores/scanner.js';
import { CredentialRenewal } from './renew-credential/credential-renewal.js';
import type { UnfinishedOrders } from './settle-unfinished/unfinished-orders.js';
import { StoreWatch } from './watch-stores/store-watch.js';

/** Opens the connection to the bus; it resolves when the bus is reachable, and the agent measures meanwhile. */
export const CONNECT_BUS = Symbol('connect-bus');
/** Tells of the agent's work to whoever receives traces. */
export const TRACER = Symbol('tracer');
export type ConnectBus = () => Promise<AgentBus>;

/** Followers of what the control plane says, in the order in which they need each other. */
@Injectable()
export class Followers {
  constructor(
    readonly bundle: BundleFollower,
    readonly consent: ConsentFollower,
    readonly texts: TextTeller,
    readonly orders: OrderTaker,
    readonly renewal: CredentialRenewal,
  ) {}
}

/** What looks at the host: the scans, what has them made sooner, and what looks outside the stores. */
@Injectable()
export class Observers {
  constructor(
    readonly scanner: Scanner,
    readonly watch: StoreWatch,
    readonly undeclared: UndeclaredLook,
    readonly egress: EgressFollower,
  ) {}

  start(): void {
    this.scanner.addWith((observation) => this.undeclared.addTo(observation));
    this.scanner.addWith((observation) => this.watch.addTo(observation));
    this.scanner.addWith((observation) => this.egress.addTo(observation));
    this.egress.onNews(() => this.scanner.scanSoon());
    this.undeclared.onFound(() => this.scanner.scanSoon());
    this.scanner.start();
    this.watch.start();
    this.undeclared.start();
    this.egress.start();
  }

  async stop(): Promise<void> {
    await this.egress.stop();
    await this.watch.stop();
    await this.undeclared.stop();
    await this.scanner.stop();
  }
}

/** What has policy carried out on this host: the executor, its accounts, and the time without a control plane. */
@Injectable()
export class Enforcement {
  constructor(
    readonly desk: ExecutorDesk,
    readonly receipts: ReceiptSender,
    readonly contact: Contact,
    readonly offline: OfflineRules,
    readonly unfinished: UnfinishedOrders,
  ) {}

  /** The control plane is heard from now on, as long as the connection stands. */
  follow(bus: AgentBus): void {
    this.contact.found();
    bus.onLost(() => this.contact.lost());
    bus.onReconnect(() => this.contact.found());
  }

  /** Ends what runs, and waits for its account. */
  async stop(): Promise<void> {
    this.offline.stop();
    this.unfinished.stop();
    await this.desk.close();
  }
}

/** The life of the agent: take up what is on disk, measure, and speak to the control plane as soon as it is there. */
@Injectable()
export class Agent implements OnApplicationBootstrap, OnApplicationShutdown {
  #bus: AgentBus | null = null;
  #stopped = false;

  constructor(
    private readonly followers: Followers,
    private readonly observers: Observers,
    private readonly enforcement: Enforcement,
    private readonly outbox: Outbox,
    private readonly heart: Heart,
    @Inject(CONNECT_BUS) private readonly connect: ConnectBus,
    @Inject(TRACER) private readonly tracer: Pick<Tracer, 'close'>,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { bundle, consent } = this.followers;
    const { scanner } = this.observers;
    const { desk, receipts, offline, unfinished } = this.enforcement;
    await bundle.restore();
    await consent.restore();
    await offline.restore();
    bundle.onChange(() => {
      desk.bundleChanged();
      // Another label means other entries: they are known before the filter follows the bundle.
      void consent.rewatch().then(() => this.observers.egress.follow());
      scanner.scanSoon();
    });
    receipts.onSent(() => scanner.scanSoon());
    this.observers.egress.onNews(() => void consent.filterChanged());
    // A text that lies on the host since this scan may end a consent.
    scanner.onMeasured(() => this.observers.egress.follow());
    scanner.onMeasured(() => consent.attestIfChanged());
    scanner.onMeasured(() => Promise.resolve(offline.look()));
    this.observers.start();
    unfinished.start();
    void this.#join();
  }

  async #join(): Promise<void> {
    const bus = await this.connect();
    // An agent that was ended while it waited for the bus takes no orders.
    if (this.#stopped) return bus.close();
    this.#bus = bus;
    this.enforcement.follow(bus);
    this.outbox.connect(bus);
    this.heart.start(bus);
    bus.onReconnect(() => this.outbox.kick());
    await this.followers.bundle.follow(bus);
    await this.followers.consent.follow(bus);
    await this.followers.texts.follow(bus);
    await this.followers.orders.follow(bus);
    this.followers.renewal.follow(bus);
  }

  async onApplicationShutdown(): Promise<void> {
    this.#stopped = true;
    this.heart.stop();
    this.followers.renewal.stop();
    await this.observers.stop();
    await this.enforcement.stop();
    await this.outbox.stop();
    await this.#bus?.close();
    await this.tracer.close();
  }
}
