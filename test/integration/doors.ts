import { randomBytes } from 'node:crypto';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hash } from '@node-rs/argon2';
import { startReporting, type RunningReporting } from '../../apps/reporting-service/src/boot.js';
import { ControlPlane } from './control-plane.js';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface Knock {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Address of the loopback that the request comes from. */
  readonly from?: string;
}

/** A session as a browser holds it. */
export interface Session {
  readonly cookie: string;
  readonly csrf: string;
  readonly setCookie: string;
}

const ANSWER_MS = 10_000;
export const PASSWORD = 'a password of the suite';
/** One way to use argon2id that is quick enough for a suite. */
const QUICK = { memoryCost: 8_192, timeCost: 1, parallelism: 1 } as const;

/** The reporting service on a real broker and a real database, with a small console, and ways to knock at it that no browser would use. */
export class Doors {
  private constructor(
    readonly plane: ControlPlane,
    readonly service: RunningReporting,
    readonly url: URL,
  ) {}

  static async start(servers: readonly string[], extra: Readonly<Record<string, string>> = {}): Promise<Doors> {
    const plane = await ControlPlane.start(servers);
    const consoleDir = join(plane.dir, 'console');
    await mkdir(join(consoleDir, 'assets'), { recursive: true });
    await writeFile(join(consoleDir, 'index.html'), '<!doctype html><title>console</title>');
    await writeFile(join(consoleDir, 'assets/app-1.js'), 'void 0;');
    await writeFile(join(plane.dir, 'secret.txt'), 'the secret beside the console');
    await plane.writeFleet(servers);
    const { creds, signingKey } = plane.nats.identity.services.reporting;
    const service = await startReporting({
      MAILWARDEN_NATS_URL: plane.nats.url,
      MAILWARDEN_NATS_CREDS: creds,
      MAILWARDEN_NATS_CA: plane.nats.identity.certificates.ca,
      MAILWARDEN_SIGNING_KEY: signingKey,
      MAILWARDEN_TRUST: plane.nats.identity.trust,
      MAILWARDEN_DATABASE_URL: plane.postgres.url,
      MAILWARDEN_DATABASE_PASSWORD_FILE: plane.postgres.passwordFile,
      MAILWARDEN_LOG_LEVEL: process.env['MAILWARDEN_TEST_LOG'] === undefined ? 'silent' : 'debug',
      MAILWARDEN_HTTP_HOST: '127.0.0.1',
      MAILWARDEN_HTTP_PORT: 0,
      MAILWARDEN_GAP_GRACE_SECONDS: 60,
      MAILWARDEN_TRACE_RATIO: 0,
      MAILWARDEN_TELEMETRY_LISTEN: 'off',
      MAILWARDEN_FLEET_FILE: plane.fleetFile,
      MAILWARDEN_SIGN_IN_LINK_FILE: join(plane.dir, 'link'),
      MAILWARDEN_CLI_TOKEN_FILE: join(plane.dir, 'token'),
      MAILWARDEN_CONSOLE_DIR: consoleDir,
      ...extra,
    } as Parameters<typeof startReporting>[0]);
    return new Doors(plane, service, new URL(service.url));
  }

  /** Sends the path as it stands: nothing is tidied. */
  knock(path: string, { method = 'GET', headers = {}, body, from }: Knock = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = httpRequest({ host: this.url.hostname, port: this.url.port, path, method, headers, agent: false, timeout: ANSWER_MS, ...(from === undefined ? {} : { localAddress: from }) }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(chunks).toString('utf8') }));
        response.on('error', reject);
      });
      request.on('timeout', () => request.destroy(new Error(`no answer to ${path}`)));
      request.on('error', reject);
      request.end(body);
    });
  }

  /** Opens an answer that does not end by itself. Resolves with its first bytes; `ended` resolves when the service ends it. */
  open(path: string, headers: Readonly<Record<string, string>>): Promise<{ readonly status: number; readonly ended: Promise<void> }> {
    return new Promise((resolve, reject) => {
      const request = httpRequest({ host: this.url.hostname, port: this.url.port, path, headers, agent: false }, (response) => {
        const ended = new Promise<void>((end) => response.once('close', () => end()));
        response.once('data', () => resolve({ status: response.statusCode ?? 0, ended }));
      });
      request.on('error', reject);
      request.end();
    });
  }

  json(path: string, body: unknown, knock: Knock = {}): Promise<Answer> {
    return this.knock(path, { method: 'POST', body: JSON.stringify(body), ...knock, headers: { 'content-type': 'application/json', ...knock.headers } });
  }

  /** Writes bytes as they are and gives back what comes until the service closes. */
  raw(bytes: string | Uint8Array): Promise<string> {
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      const socket = connect({ host: this.url.hostname, port: Number(this.url.port) }, () => socket.end(bytes));
      socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error('no answer')));
      socket.on('data', (chunk: Buffer) => chunks.push(chunk));
      socket.on('error', reject);
      socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
    });
  }

  async newLink(): Promise<string> {
    const link = randomBytes(24).toString('base64url');
    await writeFile(join(this.plane.dir, 'link'), link, { mode: 0o600 });
    return link;
  }

  async addOperator(name: string, role: string): Promise<void> {
    await this.plane.sql(`INSERT INTO reporting.operator (name, role, password_hash, changed_at) VALUES ($1, $2, $3, now())`, [name, role, await hash(PASSWORD, QUICK)]);
  }

  async signIn(body: object, knock: Knock = {}): Promise<Session> {
    const answer = await this.json('/api/v1/session', body, knock);
    if (answer.status !== 200) throw new Error(`signing in was answered with ${answer.status}: ${answer.text}`);
    const setCookie = answer.headers['set-cookie']?.[0] ?? '';
    return { cookie: setCookie.split(';')[0] ?? '', csrf: (JSON.parse(answer.text) as { csrf: string }).csrf, setCookie };
  }

  /** Method and path of every route that the web server itself knows. */
  routes(): { readonly method: string; readonly path: string }[] {
    const tree = (this.service.app.getHttpAdapter().getInstance() as { printRoutes(options: object): string }).printRoutes({ commonPrefix: false });
    const found: { method: string; path: string }[] = [];
    const above: string[] = [];
    for (const line of tree.split('\n')) {
      const [, indent = '', segment = '', methods] = /^((?:[│ ] {3})*)[├└]── (.*?)(?: \(([A-Z, ]+)\))?$/.exec(line) ?? [];
      if (segment === '') continue;
      const depth = indent.length / 4;
      above.length = depth;
      above[depth] = segment;
      for (const method of methods?.split(', ') ?? []) found.push({ method, path: above.join('') });
    }
    return found;
  }

  async close(): Promise<void> {
    await this.service.close();
    await this.plane.stop();
  }
}
