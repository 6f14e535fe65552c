import type { KeyOf } from '@mailwarden/contracts';
import { instantOf } from '@mailwarden/kernel';
import type { Logger } from '@mailwarden/observability';
import type { JsMsg } from '@nats-io/jetstream';
import { encodeEvent, type ReadyEvent } from './encode-event.js';
import type { EventIntake } from './event-intake.js';
import type { ForwarderSettings } from './forwarder-settings.js';
import { GapWatch } from './gap-watch.js';
import { pauseBefore } from './pause-before.js';
import { putAside } from './put-aside.js';
import type { Answer, Receiver } from './receivers/receiver.js';
import { keepSeen, readSeen } from './seen-file.js';

/** A message of the bus with what the receiver is to get. */
interface Load {
  readonly message: JsMsg;
  readonly event: ReadyEvent;
}

export interface ForwardingParts {
  readonly settings: Pick<ForwarderSettings, 'format' | 'stateDir' | 'batchMessages' | 'retryMsMax'>;
  readonly intake: EventIntake;
  readonly receiver: Receiver;
  readonly keyOf: KeyOf;
  readonly log: Logger;
}

/** Carries events batch by batch, in order. A message is answered on the bus only when the receiver has it, or when it lies on disk with the reason why the receiver cannot. */
export class EventForwarding {
  readonly #gaps: GapWatch;
  #closed = false;
  #wake: () => void = () => undefined;

  constructor(private readonly parts: ForwardingParts) {
    this.#gaps = new GapWatch(readSeen(parts.settings.stateDir));
  }

  async run(): Promise<void> {
    const { intake, settings } = this.parts;
    while (!this.#closed) {
      const messages = await intake.take(settings.batchMessages);
      const loads: Load[] = [];
      for (const message of messages) {
        const event = encodeEvent(message.data, message.subject, settings.format, this.parts.keyOf);
        if (event.ok) loads.push({ message, event: event.value });
        else await this.#setAside(message, event.error);
      }
      await this.#carry(loads);
      for (const gap of this.#gaps.due(Date.now())) this.parts.log.warn({ source: gap.source, from: gap.from, to: gap.to }, 'events are missing: they left the stream before they were read, or never came into it');
    }
  }

  close(): void {
    this.#closed = true;
    this.#wake();
  }

  /** A batch that the receiver refuses is halved until what is wrong stands alone. */
  async #carry(loads: readonly Load[]): Promise<void> {
    const [first] = loads;
    if (first === undefined) return;
    const answer = await this.#untilAnswered(loads);
    if (answer === null) return;
    if (answer.kind === 'taken') return this.#taken(loads);
    if (loads.length === 1) return this.#setAside(first.message, answer.why);
    const half = Math.ceil(loads.length / 2);
    await this.#carry(loads.slice(0, half));
    await this.#carry(loads.slice(half));
  }

  /** Null when the forwarder was closed meanwhile. */
  async #untilAnswered(loads: readonly Load[]): Promise<Exclude<Answer, { kind: 'away' }> | null> {
    const { receiver, settings, log } = this.parts;
    for (let tries = 0; !this.#closed; tries += 1) {
      const answer = await receiver.deliver(loads.map(({ event }) => event));
      if (answer.kind !== 'away') {
        if (tries > 0) log.info({ tries }, 'the receiver is back');
        return answer;
      }
      const pauseMs = pauseBefore(tries, answer.retryAfterMs, settings.retryMsMax, Math.random());
      log.warn({ why: answer.why, tries: tries + 1, pauseMs: Math.round(pauseMs), messages: loads.length }, 'the receiver did not take events; they wait');
      await this.#pause(pauseMs);
    }
    return null;
  }

  #taken(loads: readonly Load[]): void {
    const nowMs = Date.now();
    for (const { event } of loads) this.#gaps.saw(event.source, event.sequence, nowMs);
    keepSeen(this.parts.settings.stateDir, this.#gaps.seen());
    for (const { message } of loads) {
      message.ack();
      this.parts.intake.done(message);
    }
    this.parts.log.debug({ messages: loads.length }, 'forwarded');
  }

  async #setAside(message: JsMsg, reason: string): Promise<void> {
    const { settings, log, intake } = this.parts;
    const aside = { at: instantOf(Date.now()), subject: message.subject, streamSequence: message.seq, reason, original: Buffer.from(message.data).toString('base64') };
    for (let tries = 0; !this.#closed; tries += 1) {
      try {
        await putAside(settings.stateDir, aside);
        message.term();
        intake.done(message);
        log.error({ subject: message.subject, streamSequence: message.seq, reason }, 'an event was put aside');
        return;
      } catch (cause) {
        log.error({ err: cause }, 'an event can be neither forwarded nor put aside; it waits');
        await this.#pause(pauseBefore(tries, undefined, settings.retryMsMax, Math.random()));
      }
    }
  }

  async #pause(ms: number): Promise<void> {
    if (this.#closed) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
  }
}
