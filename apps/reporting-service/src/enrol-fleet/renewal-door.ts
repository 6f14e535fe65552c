import { credentialRequest, ENROLMENT_SKEW_MS_MAX, MESSAGE_TYPES, openEnvelope, serverOfSource, SIGNING_CONTEXTS, WILDCARDS, type CredentialAnswer, type CredentialRequest, type KeyOf } from '@mailwarden/contracts';
import type { AgentIssuer } from '@mailwarden/identity';
import { verifyingKeyOf } from '@mailwarden/identity/enrolment';
import { instantOf, signDocument, verifySignature, type Signer } from '@mailwarden/kernel';
import type { Logger } from '@mailwarden/observability';
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import type { DataSource } from 'typeorm';
import type { FleetEnrolment } from './fleet-enrolment.js';
import type { FleetRegister } from './fleet-register.js';
import type { Installation } from './token-book.js';

/** A server brings a new key no sooner than this after the one before, so that a stolen key floods no ledger. Units: milliseconds. */
const NEW_KEY_EVERY_MS = 3_600_000;
const DAY_MS = 86_400_000;

export interface RenewalParts {
  readonly bus: NatsConnection;
  readonly dataSource: DataSource;
  readonly signer: Signer;
  readonly keyOf: KeyOf;
  readonly issuer: AgentIssuer;
  readonly register: FleetRegister;
  readonly fleet: FleetEnrolment;
  readonly installation: () => Promise<Installation>;
  readonly credentialDays: number;
  readonly log: Logger;
}

/** Gives agents new credentials before theirs end, each for a new key that the agent has made. */
export class RenewalDoor {
  #subscription: Subscription | null = null;
  #working: Promise<void> = Promise.resolve();

  constructor(private readonly parts: RenewalParts) {}

  start(): void {
    this.#subscription = this.parts.bus.subscribe(WILDCARDS.renew, {
      queue: 'reporting',
      callback: (problem, message) => {
        if (problem !== null) return;
        this.#working = this.#working.then(() => this.#answer(message)).catch((cause: unknown) => this.parts.log.error({ err: cause }, 'an agent got no new credential; it asks again'));
      },
    });
  }

  async stop(): Promise<void> {
    this.#subscription?.unsubscribe();
    await this.#working;
  }

  async #answer(message: Msg): Promise<void> {
    const { keyOf, log, signer } = this.parts;
    const opened = openEnvelope(message.data, { subject: message.subject, types: { [MESSAGE_TYPES.credentialAsked]: credentialRequest }, keyOf });
    if (!opened.ok) return log.warn({ subject: message.subject, code: opened.error.code }, 'a request for a credential was not believed');
    const request = opened.value.data;
    const nowMs = Date.now();
    const why = whyNot(request, { source: opened.value.source, subject: message.subject, nowMs });
    if (why !== null) return log.warn({ server: request.server }, `no new credential is given: ${why}`);
    const answer = await this.#renewed(request, nowMs);
    if (answer !== null) message.respond(JSON.stringify(signDocument(signer, SIGNING_CONTEXTS.credentialAnswer, answer)));
  }

  async #renewed({ server, busKey }: CredentialRequest, nowMs: number): Promise<CredentialAnswer | null> {
    const { dataSource, register, fleet, issuer, installation, credentialDays, log } = this.parts;
    const known = await dataSource.query<{ known: boolean; soon: boolean }[]>(`SELECT bus_keys ? $2::text AS known, coalesce(renewed_at > $3, false) AS soon FROM reporting.server WHERE name = $1 AND status = 'active' AND NOT shut_out_keys ? $2::text`, [server, busKey, instantOf(nowMs - NEW_KEY_EVERY_MS)]);
    const [row] = known;
    if (row === undefined || (row.soon && !row.known)) {
      log.warn({ server }, 'no new credential is given: the server is not in the fleet, the key was shut out, or it brought another one within the hour');
      return null;
    }
    // A key that is known already gets its credential again: the answer was lost.
    if (!row.known) {
      const membership = await dataSource.transaction((tx) => register.renew(tx, server, busKey, instantOf(nowMs)));
      if (membership === null) return null;
      await fleet.publishOne(server);
    }
    const untilMs = nowMs + credentialDays * DAY_MS;
    const { urls, ca } = await installation();
    return { schema: 'mailwarden/credential-answer/v1', server, busKey, at: instantOf(nowMs), jwt: await issuer.agent(server, busKey, untilMs), until: instantOf(untilMs), urls: [...urls], ca };
  }
}

/** Why a request does not count; null where it does. */
function whyNot({ server, busKey, at, proof }: CredentialRequest, { source, subject, nowMs }: { readonly source: string; readonly subject: string; readonly nowMs: number }): string | null {
  if (serverOfSource(source) !== server || !subject.endsWith(`.${server}`)) return 'the request is in the name of another server';
  if (Math.abs(nowMs - Date.parse(at)) > ENROLMENT_SKEW_MS_MAX) return 'the request is old, or the clocks differ by minutes';
  const key = verifyingKeyOf(busKey);
  const holds = key !== null && verifySignature(key, SIGNING_CONTEXTS.credentialRequest, { server, busKey, at }, proof);
  return holds ? null : 'the new key is not held by who asks';
}
