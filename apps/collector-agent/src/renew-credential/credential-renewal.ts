import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { dropStateFile } from '@mailwarden/config';
import { agentSource, MESSAGE_TYPES, openSigned, sealEnvelope, signedCredentialAnswer, SIGNING_CONTEXTS, subjects, type CredentialAnswer, type CredentialRequest, type TrustAnchors } from '@mailwarden/contracts';
import { instantOf, type Signer } from '@mailwarden/kernel';
import type { AgentBus } from '@mailwarden/messaging';
import { writeDurably } from '@mailwarden/messaging/agent-side';
import type { Logger } from '@mailwarden/observability';
import type { AgentSettings } from '../agent-settings.js';
import { isDue, lifeOf } from './credential-life.js';

/** How often the credential's life is looked at, and how much earlier or later, so that no fleet asks at once. Units: milliseconds. */
const LOOK_EVERY_MS = 600_000;
const JITTER_MS = 120_000;
const SEED_FILE = 'bus-next.seed';

/** Has the agent's credential made anew, for a new key, before it ends. A credential without an end is left as it is. */
export class CredentialRenewal {
  #timer: NodeJS.Timeout | null = null;
  #bus: AgentBus | null = null;

  constructor(
    private readonly settings: Pick<AgentSettings, 'server' | 'creds' | 'ca'>,
    private readonly trust: TrustAnchors,
    private readonly signer: Signer,
    private readonly log: Logger,
  ) {}

  follow(bus: AgentBus): void {
    this.#bus = bus;
    this.#plan(0);
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#bus = null;
  }

  #plan(afterMs: number): void {
    this.#timer = setTimeout(() => {
      void this.look(Date.now())
        .catch((cause: unknown) => this.log.warn({ err: cause }, 'the credential could not be renewed; it is tried again'))
        .finally(() => {
          if (this.#bus !== null) this.#plan(LOOK_EVERY_MS + Math.random() * JITTER_MS);
        });
    }, afterMs);
  }

  /** Renews the credential where a third of its life is left at a moment. Returns whether it did. */
  async look(atMs: number): Promise<boolean> {
    const bus = this.#bus;
    if (bus === null || !isDue(lifeOf(await readFile(this.settings.creds, 'utf8')), atMs)) return false;
    const answer = await this.#ask(bus);
    await writeDurably(dirname(this.settings.ca), basename(this.settings.ca), Buffer.from(answer.answer.ca));
    await writeDurably(dirname(this.settings.creds), basename(this.settings.creds), answer.credentials);
    dropStateFile(dirname(this.#seedFile), SEED_FILE);
    this.log.info({ until: answer.answer.until }, 'the credential was renewed');
    await bus.reconnect();
    return true;
  }

  get #seedFile(): string {
    return join(dirname(this.settings.creds), SEED_FILE);
  }

  /** The new key stays the same until its credential is here, so that a lost answer costs no second key. */
  async #ask(bus: AgentBus): Promise<{ readonly answer: CredentialAnswer; readonly credentials: Uint8Array }> {
    // Loaded when it is needed: an agent that runs has no use for it.
    const { credentialText, keepOnce, makeUserKey, signerOfUserKey } = await import('@mailwarden/identity/enrolment');
    const kept = await keepOnce(this.#seedFile, () => Object.values(makeUserKey()).join('\n'));
    const [seed = '', busKey = ''] = kept.split('\n');
    const { server } = this.settings;
    const at = instantOf(Date.now());
    const data: CredentialRequest = { schema: 'mailwarden/credential-request/v1', server, busKey, at, proof: signerOfUserKey(seed).sign(SIGNING_CONTEXTS.credentialRequest, { server, busKey, at }) };
    const subject = subjects.renew(server);
    const envelope = sealEnvelope(this.signer, { id: randomUUID(), source: agentSource(server), type: MESSAGE_TYPES.credentialAsked, time: at, subject, sequence: 0, data });
    const reply = await bus.ask(subject, Buffer.from(JSON.stringify(envelope)));
    const opened = openSigned(JSON.parse(Buffer.from(reply).toString('utf8')), { schema: signedCredentialAnswer, context: SIGNING_CONTEXTS.credentialAnswer, publicKey: this.trust.reporting });
    if (!opened.ok || opened.value.payload.server !== server || opened.value.payload.busKey !== busKey) throw new Error('the answer is not of the reporting service, or not to this request');
    return { answer: opened.value.payload, credentials: credentialText(opened.value.payload.jwt, seed) };
  }
}
