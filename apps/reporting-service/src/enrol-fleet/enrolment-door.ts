import { SIGNING_CONTEXTS, WILDCARDS, type EnrolmentAnswer, type EnrolmentOutcome, type EnrolmentRequest } from '@mailwarden/contracts';
import type { AgentIssuer } from '@mailwarden/identity';
import { sealFor } from '@mailwarden/identity/enrolment';
import { instantOf, signDocument, type Signer } from '@mailwarden/kernel';
import type { Logger } from '@mailwarden/observability';
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import type { Decided, EnrolmentDesk } from './enrolment-desk.js';
import type { FleetEnrolment } from './fleet-enrolment.js';
import { openRequest } from './request-check.js';
import type { Installation } from './token-book.js';

/** Larger requests are not read. Units: bytes. */
const REQUEST_BYTES_MAX = 8_192;
/** The broker tells here who asked, and from where; it overwrites what a client puts there. */
const CLIENT_HEADER = 'Nats-Request-Info';
/** Requests that are looked at one after another; more than wait are not answered and come again by themselves. */
const WAITING_MAX = 200;
const DAY_MS = 86_400_000;

export interface DoorParts {
  readonly bus: NatsConnection;
  readonly signer: Signer;
  readonly issuer: AgentIssuer;
  readonly desk: EnrolmentDesk;
  readonly fleet: FleetEnrolment;
  readonly installation: () => Promise<Installation>;
  /** The installation's key for hashing names. */
  readonly hashKey: () => Promise<Uint8Array>;
  readonly credentialDays: number;
  readonly log: Logger;
}

/** Address of whoever asked; empty where the broker does not tell. */
function addressOf(message: Msg): string {
  try {
    const { host } = JSON.parse(message.headers?.get(CLIENT_HEADER) ?? '{}') as { host?: unknown };
    return typeof host === 'string' ? host.slice(0, 80) : '';
  } catch {
    return '';
  }
}

/** Where servers ask to be enrolled: each token by its own subject, which its credential alone may publish on. */
export class EnrolmentDoor {
  #subscription: Subscription | null = null;
  #waiting = 0;
  #working: Promise<void> = Promise.resolve();

  constructor(private readonly parts: DoorParts) {}

  start(): void {
    this.#subscription = this.parts.bus.subscribe(WILDCARDS.enrol, {
      queue: 'reporting',
      callback: (problem, message) => {
        if (problem === null) this.#queue(message);
      },
    });
  }

  async stop(): Promise<void> {
    this.#subscription?.unsubscribe();
    await this.#working;
  }

  #queue(message: Msg): void {
    if (this.#waiting >= WAITING_MAX) return;
    this.#waiting += 1;
    this.#working = this.#working
      .then(() => this.#answer(message))
      .catch((cause: unknown) => this.parts.log.error({ err: cause }, 'a server that wants to be enrolled got no answer; it asks again'))
      .finally(() => (this.#waiting -= 1));
  }

  async #answer(message: Msg): Promise<void> {
    const token = message.subject.split('.').at(-1) ?? '';
    if (message.data.length > REQUEST_BYTES_MAX) return;
    const raw = parsedOrNull(message.data);
    const nowMs = Date.now();
    const opened = openRequest(raw, token, nowMs);
    if (!opened.ok) {
      this.parts.log.warn({ enrolment: token, code: opened.error.code }, 'a request to be enrolled was refused');
      const named = raw as { payload?: { server?: unknown; agentKey?: unknown } } | null;
      const [server, agentKey] = [named?.payload?.server, named?.payload?.agentKey];
      // Nobody can be told who did not say who they are.
      if (typeof server === 'string' && typeof agentKey === 'string' && opened.error.code !== 'not-understood') message.respond(this.#sealed({ token, server, agentKey }, { state: 'refused', ...opened.error }, nowMs));
      return;
    }
    const request = opened.value;
    const decided = await this.parts.desk.ask(raw, request, addressOf(message), instantOf(nowMs));
    this.parts.log.info({ enrolment: token, server: request.server, state: decided.state, ...(decided.state === 'refused' ? { code: decided.code } : {}) }, 'a server asked to be enrolled');
    message.respond(this.#sealed(request, await this.#outcome(decided, request, nowMs), nowMs));
  }

  async #outcome(decided: Decided, request: EnrolmentRequest, nowMs: number): Promise<EnrolmentOutcome> {
    if (decided.state === 'waiting') return { state: 'waiting', detail: 'this token wants an operator to agree: mailwarden enrol list, mailwarden enrol approve' };
    if (decided.state === 'refused') return decided;
    const { issuer, fleet, installation, hashKey, credentialDays } = this.parts;
    // Before the agent can speak, its key and its orders' consumer are known.
    for (const server of decided.changed) await fleet.publishOne(server);
    const untilMs = nowMs + credentialDays * DAY_MS;
    const { urls, ca } = await installation();
    return {
      state: 'enrolled',
      membership: decided.membership,
      jwt: await issuer.agent(request.server, request.busKey, untilMs),
      until: instantOf(untilMs),
      urls: [...urls],
      ca,
      hashKey: sealFor(request.sealingKey, SIGNING_CONTEXTS.enrolmentAnswer, await hashKey()).toString('base64url'),
    };
  }

  #sealed({ token, server, agentKey }: { readonly token: string; readonly server: string; readonly agentKey: string }, outcome: EnrolmentOutcome, nowMs: number): string {
    const answer = { schema: 'mailwarden/enrolment-answer/v1', token, server, agentKey, at: instantOf(nowMs), outcome } as EnrolmentAnswer;
    return JSON.stringify(signDocument(this.parts.signer, SIGNING_CONTEXTS.enrolmentAnswer, answer));
  }
}

function parsedOrNull(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return null;
  }
}
