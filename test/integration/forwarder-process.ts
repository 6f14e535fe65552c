import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventData, eventType, sealEnvelope, serviceSource, subjects, type EventName } from '@mailwarden/contracts';
import { loadSigner } from '@mailwarden/identity';
import { instantOf, type Signer } from '@mailwarden/kernel';
import { publishDurable } from '@mailwarden/messaging';
import type { RunningNats } from '@mailwarden/testing';
import type { NatsConnection } from '@nats-io/transport-node';

const MAIN = fileURLToPath(new URL('../../apps/siem-forwarder/src/main.ts', import.meta.url));
const LOADER = fileURLToPath(new URL('../../scripts/from-source.mjs', import.meta.url));

/** The forwarder as a process of its own, with its own folder; it can be killed and started again. */
export class ForwarderProcess {
  #child: ChildProcess | null = null;
  output = '';

  private constructor(
    readonly dir: string,
    private readonly settings: string,
  ) {}

  static async prepare(nats: RunningNats, creds: string, part: Readonly<Record<string, unknown>>): Promise<ForwarderProcess> {
    const dir = await mkdtemp(join(tmpdir(), 'mailwarden-forwarder-'));
    const settings = join(dir, 'settings.json');
    const whole = { bus: { url: nats.url, ca: nats.identity.certificates.ca, creds, name: 'siem-forwarder' }, trust: nats.identity.trust, stateDir: join(dir, 'state'), retryMsMax: 500, logLevel: 'debug', ...part };
    await writeFile(settings, JSON.stringify(whole), { mode: 0o600 });
    return new ForwarderProcess(dir, settings);
  }

  start(): void {
    this.#child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--import', LOADER, MAIN], { env: { PATH: process.env['PATH'] ?? '', MAILWARDEN_FORWARDER_SETTINGS: this.settings }, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
  }

  get isRunning(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === null || !this.isRunning) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
    this.#child = null;
  }

  /** Resolves with the exit code of a forwarder that ends by itself. */
  async ended(): Promise<number | null> {
    const child = this.#child;
    if (child === null || !this.isRunning) return child?.exitCode ?? null;
    return new Promise((resolve) => child.once('exit', (code) => resolve(code)));
  }

  async aside(): Promise<{ reason: string; subject: string; original: string }[]> {
    const text = await readFile(join(this.dir, 'state/aside.jsonl'), 'utf8').catch(() => '');
    return text.split('\n').slice(0, -1).map((line) => JSON.parse(line) as { reason: string; subject: string; original: string });
  }

  async remove(): Promise<void> {
    await this.end('SIGKILL');
    await rm(this.dir, { recursive: true, force: true });
  }
}

/** Says events as the rotation worker would. */
export class EventSpeaker {
  #sequence = 0;

  private constructor(
    private readonly bus: NatsConnection,
    private readonly signer: Signer,
  ) {}

  static async open(nats: RunningNats, bus: NatsConnection): Promise<EventSpeaker> {
    return new EventSpeaker(bus, await loadSigner(nats.identity.services.rotation.signingKey));
  }

  /** Publishes one event and gives its id. */
  async say(reason: string, part: { readonly id?: string; readonly sequence?: number; readonly as?: Signer } = {}): Promise<string> {
    this.#sequence = part.sequence ?? this.#sequence + 1;
    const name: EventName = 'message.rejected';
    const subject = subjects.event(name, 'high', 'mx-1');
    const at = instantOf(Date.parse('2026-03-01T08:00:00.000Z'));
    const id = part.id ?? `event-${this.#sequence}`;
    const data = eventData(name).parse({ event: name, server: 'mx-1', severity: 'high', at, detail: { consumer: 'suite', reason } });
    const envelope = sealEnvelope(part.as ?? this.signer, { id, source: serviceSource('rotation'), type: eventType(name), time: at, subject, sequence: this.#sequence, data });
    await publishDurable(this.bus, { subject, id, bytes: Buffer.from(JSON.stringify(envelope)) });
    return id;
  }

  async sayMany(count: number, reason = 'a reason'): Promise<string[]> {
    const ids: string[] = [];
    for (let one = 0; one < count; one += 1) ids.push(await this.say(`${reason} ${one}`));
    return ids;
  }
}
