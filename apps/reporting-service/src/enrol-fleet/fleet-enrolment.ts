import type { SignedMembership } from '@mailwarden/contracts';
import { instantOf } from '@mailwarden/kernel';
import { ensureOrderConsumer, onReconnect, putEntry, voidOrders } from '@mailwarden/messaging';
import type { Logger } from '@mailwarden/observability';
import type { NatsConnection } from '@nats-io/transport-node';
import type { LiveUpdates } from '../live-updates/live-updates.js';
import { fleetFileMark, readFleetFile } from './fleet-file.js';
import type { FleetRegister } from './fleet-register.js';

/** How often the fleet file is looked at. Units: milliseconds. */
const LOOK_EVERY_MS = 2_000;
/** A membership that changes more often than this while it is brought onto the bus is brought by whoever changes it. */
const BRING_TRIES_MAX = 5;

/** Brings the fleet file into the register, and the register onto the bus. */
export class FleetEnrolment {
  #mark: string | null = null;
  #onBus = false;
  #timer: NodeJS.Timeout | null = null;
  #working: Promise<void> = Promise.resolve();

  constructor(
    private readonly path: string,
    private readonly register: FleetRegister,
    private readonly bus: NatsConnection,
    private readonly live: LiveUpdates,
    private readonly log: Logger,
  ) {}

  /** Enrols once, then follows the file. Errors: throws when the first reading fails, since a service without a fleet is set up wrongly. */
  async start(): Promise<void> {
    this.#mark = await fleetFileMark(this.path);
    await this.#enrol();
    // A broker that comes back may have forgotten who is in the fleet.
    onReconnect(this.bus, { back: () => (this.#onBus = false) });
    this.#timer = setInterval(() => {
      this.#working = this.#working.then(() => this.#look());
    }, LOOK_EVERY_MS);
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#working;
  }

  /** Brings one server's membership onto the bus, where it is acted on. Errors: rejects when the bus is away; it is brought there later all the same. */
  async publishOne(server: string): Promise<void> {
    try {
      await this.#bringLatest(server);
    } catch (cause) {
      this.#onBus = false;
      throw cause;
    }
  }

  /** Brings the memberships of these servers onto the bus; what cannot be brought now is brought later. */
  async publishChanged(servers: readonly string[]): Promise<void> {
    for (const server of servers) await this.publishOne(server).catch((cause: unknown) => this.log.warn({ err: cause, server }, 'a membership could not be brought onto the bus; it is tried again'));
  }

  async #look(): Promise<void> {
    const mark = await fleetFileMark(this.path);
    try {
      if (mark !== this.#mark) await this.#enrol();
      else if (!this.#onBus) await this.#publish();
      this.#mark = mark;
    } catch (cause) {
      this.log.error({ err: cause }, 'the fleet file was not taken up, or not brought onto the bus; the known fleet stays and it is tried again');
    }
  }

  async #enrol(): Promise<void> {
    const changed = await this.register.enrol(await readFleetFile(this.path), instantOf(Date.now()));
    const servers = await this.#publish();
    this.log.info({ servers, changed }, 'the fleet is enrolled');
    this.live.tell('fleet');
  }

  /** Brings every membership onto the bus; one that is there already is not written again. */
  async #publish(): Promise<number> {
    this.#onBus = true;
    try {
      const memberships = await this.register.memberships();
      for (const membership of memberships) await this.#bring(membership);
      return memberships.length;
    } catch (cause) {
      this.#onBus = false;
      throw cause;
    }
  }

  async #bring(membership: SignedMembership): Promise<void> {
    const { server, status } = membership.payload;
    if (status === 'active') await ensureOrderConsumer(this.bus, server);
    await putEntry(this.bus, 'fleet', server, membership);
    if (status === 'revoked') await voidOrders(this.bus, server);
  }

  /** Reads again after it has written: of two instances that bring changes of one server, the one that ends last has brought the newest. */
  async #bringLatest(server: string): Promise<void> {
    let brought = '';
    for (let tries = 0; tries < BRING_TRIES_MAX; tries += 1) {
      const membership = await this.register.membershipOf(server);
      if (membership === null || membership.signature === brought) return;
      await this.#bring(membership);
      brought = membership.signature;
    }
  }
}
