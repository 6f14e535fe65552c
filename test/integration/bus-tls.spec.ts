import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ensureCertificates, natsServerConfig } from '@mailwarden/identity';
import { connectAgentBus } from '@mailwarden/messaging';
import { eventually, findNatsServer, freePort, startNats, type RunningNats } from '@mailwarden/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const TRIED_MS = 3_000;
const WAIT_MS = 20_000;
const DAY_MS = 86_400_000;

describe('an agent and a bus that is not its own', () => {
  let own: RunningNats;
  let folder = '';
  const brokers: ChildProcess[] = [];

  beforeAll(async () => {
    own = await startNats({ servers: ['mx-1'] });
    folder = mkdtempSync(join(tmpdir(), 'mailwarden-bus-tls-'));
  });
  afterAll(async () => {
    for (const broker of brokers) broker.kill('SIGKILL');
    await own?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const creds = (): string => own.identity.servers.get('mx-1')?.creds ?? '';
  /** Whether the agent is in within a while; it goes on trying for ever. */
  async function entersWithin(url: string, ms = TRIED_MS): Promise<boolean> {
    const connecting = connectAgentBus({ url, credsFile: creds(), caFile: own.identity.certificates.ca, server: 'mx-1' });
    const entered = await Promise.race([connecting.then(() => true), new Promise<boolean>((resolve) => setTimeout(() => resolve(false), ms))]);
    void connecting.then((bus) => bus.close());
    return entered;
  }
  /** A broker with the accounts of our own, so that the certificate alone stands between it and the agent. */
  async function broker(name: string, certificates: { cert: string; key: string }): Promise<string> {
    const port = await freePort();
    const dir = join(folder, name);
    const config = join(folder, `${name}.conf`);
    writeFileSync(config, natsServerConfig({ host: '127.0.0.1', port, storeDir: join(dir, 'jetstream'), accountsDir: join(dir, 'accounts'), pidFile: join(folder, `${name}.pid`), certificates: { ca: '', ...certificates }, tokens: own.identity.tokens }));
    brokers.push(spawn(findNatsServer(), ['-c', config], { stdio: 'ignore' }));
    await eventually(`${name} listens`, WAIT_MS, async () => ((await listensOn(port)) ? true : undefined));
    return `tls://127.0.0.1:${port}`;
  }

  it('is in where everything is right, so that each refusal below is of the one thing that is wrong', async () => {
    expect(await entersWithin(own.url, WAIT_MS)).toBe(true);
    const { cert, key } = own.identity.certificates;
    expect(await entersWithin(await broker('right', { cert, key }), WAIT_MS)).toBe(true);
  });

  it('does not enter where another authority signed the certificate', async () => {
    const other = await ensureCertificates(join(folder, 'other-tls'), ['127.0.0.1', 'localhost']);
    expect(await entersWithin(await broker('other', other))).toBe(false);
  });

  it('does not enter where the certificate is for another address', async () => {
    const dir = join(folder, 'named');
    const tls = dirname(own.identity.certificates.ca);
    for (const name of ['ca.pem', 'ca-key.pem']) writePrivately(dir, name, readFileSync(join(tls, name), 'utf8'));
    const named = await ensureCertificates(dir, ['bus.example']);
    expect(await entersWithin(await broker('named', named))).toBe(false);
  });

  it('does not enter where the certificate has run out', async () => {
    const dir = join(folder, 'old');
    const tls = dirname(own.identity.certificates.ca);
    for (const name of ['ca.pem', 'ca-key.pem']) writePrivately(dir, name, readFileSync(join(tls, name), 'utf8'));
    const old = await ensureCertificates(dir, ['127.0.0.1', 'localhost'], Date.now() - 400 * DAY_MS);
    expect(await entersWithin(await broker('old', old))).toBe(false);
  });

  it('says nothing of itself to a bus that speaks without encryption, or says that it cannot', async () => {
    const heard: string[] = [];
    const server: Server = createServer((socket) => {
      socket.on('data', (bytes) => heard.push(bytes.toString('latin1')));
      socket.on('error', () => undefined);
      socket.write('INFO {"server_id":"x","server_name":"x","version":"2.10.27","proto":1,"headers":true,"max_payload":262144,"nonce":"AAAAAAAAAAAAAAA","auth_required":true,"tls_required":false,"tls_available":false}\r\n');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    expect(await entersWithin(`tls://127.0.0.1:${(server.address() as AddressInfo).port}`)).toBe(false);
    server.close();
    expect(heard.join('')).not.toMatch(/CONNECT|jwt|PING/);
  });
});

function writePrivately(dir: string, name: string, text: string): void {
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, name), text, { mode: 0o600 });
}

function listensOn(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
