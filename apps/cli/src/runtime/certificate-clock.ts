import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureCertificates } from '@mailwarden/identity';
import type { Layout } from './layout.js';

/** A runtime may run for longer than its certificates. Units: milliseconds. */
const LOOK_EVERY_MS = 86_400_000;

/** Renews the bus's certificate and authority while the runtime runs, and has the broker take them up. */
export class CertificateClock {
  #timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly layout: Layout,
    private readonly hosts: readonly string[],
    private readonly say: (line: string) => void,
  ) {}

  start(): void {
    this.#timer = setInterval(() => void this.look().catch((cause: unknown) => this.say(`the certificate of the bus could not be looked at: ${String(cause)}`)), LOOK_EVERY_MS);
    this.#timer.unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  /** Returns whether something was renewed. Connections that stand go on. */
  async look(nowMs = Date.now()): Promise<boolean> {
    const before = await readFile(join(this.#dir, 'bus.pem'), 'utf8');
    const { cert } = await ensureCertificates(this.#dir, this.hosts, nowMs);
    if ((await readFile(cert, 'utf8')) === before) return false;
    process.kill(Number(await readFile(join(this.layout.bus, 'nats-server.pid'), 'utf8')), 'SIGHUP');
    this.say('the certificate of the bus was renewed');
    return true;
  }

  get #dir(): string {
    return join(this.layout.identity, 'tls');
  }
}
