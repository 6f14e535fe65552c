import { randomUUID } from 'node:crypto';
import { agentSource, HEARTBEAT_INTERVAL_MS, MESSAGE_TYPES, sealEnvelope, subjects, type Heartbeat } from '@mailwarden/contracts';
import { instantOf, type Signer } from '@mailwarden/kernel';
import type { AgentBus } from '@mailwarden/messaging';
import type { AgentSettings } from '../agent-settings.js';
import type { AgentState } from '../agent-state.js';
import type { Outbox } from '../forward-messages/outbox.js';
import { AGENT_VERSION } from '../agent-version.js';
import type { AgentRun } from './agent-run.js';

/** Tells the fleet that this agent lives: a signed sign of life on core NATS, not kept by any stream. */
export class Heart {
  #timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly settings: AgentSettings,
    private readonly signer: Signer,
    private readonly state: AgentState,
    private readonly outbox: Pick<Outbox, 'status' | 'sentAt'>,
    private readonly run: AgentRun,
  ) {}

  start(bus: AgentBus): void {
    this.#beat(bus);
    this.#timer = setInterval(() => this.#beat(bus), HEARTBEAT_INTERVAL_MS);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  #beat(bus: AgentBus): void {
    const { server } = this.settings;
    const now = Date.now();
    const subject = subjects.heartbeat(server);
    const data: Heartbeat = {
      schema: 'mailwarden/heartbeat/v1',
      server,
      at: instantOf(now),
      agentVersion: AGENT_VERSION,
      mode: this.state.modeAt(now),
      bundleVersion: this.state.bundle?.version ?? null,
      spool: this.outbox.status(),
      work: { rssBytes: process.memoryUsage.rss(), scanMs: this.state.scanMs, sentAt: this.outbox.sentAt },
      pid: process.pid,
      run: this.run,
    };
    const envelope = sealEnvelope(this.signer, {
      id: randomUUID(),
      source: agentSource(server),
      type: MESSAGE_TYPES.heartbeat,
      time: data.at,
      subject,
      sequence: 0,
      data,
    });
    bus.publishCore(subject, Buffer.from(JSON.stringify(envelope)));
  }
}
