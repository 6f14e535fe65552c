import { createServer } from 'node:net';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, freePort } from '@mailwarden/testing';
import { jetstream } from '@nats-io/jetstream';
import { connect, credsAuthenticator } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DemoRuntime, processesOf } from './demo-runtime.js';

const WATCH_THIS_HOST: readonly string[] = [];
const GROUP_OR_OTHERS = 0o077;

let first: DemoRuntime;

beforeAll(async () => {
  first = await DemoRuntime.start({ arguments: WATCH_THIS_HOST });
}, 300_000);

afterAll(async () => {
  await first?.remove();
});

describe('a runtime without the demo', () => {
  it('watches this very host, in observe', async () => {
    const [server, ...others] = await eventually('a first measurement and a sign of life', 60_000, async () => {
      const { servers } = await first.ask('fleet');
      return servers.every(({ lastObservedAt, agent }) => lastObservedAt !== null && agent === 'live') ? servers : undefined;
    });
    expect(others).toEqual([]);
    expect(server).toMatchObject({ agent: 'live', mode: 'observe' });
    expect((await first.ask('policies')).policies).toEqual([]);
  }, 90_000);

  it('lets a new subscriber in while it runs, who reads from the oldest event on', async () => {
    const made = await first.run('events', 'subscriber', 'wazuh', '--format', 'json');
    expect(made, made.stderr).toMatchObject({ code: 0 });
    const { url, ca, creds, name, restart } = JSON.parse(made.stdout) as { url: string; ca: string; creds: string; name: string; restart: boolean };
    expect([name, restart]).toEqual(['siem-wazuh', false]);
    const bus = await connect({ servers: url, tls: { caFile: ca }, authenticator: credsAuthenticator(await readFile(creds)), reconnect: false });
    try {
      const consumer = await jetstream(bus).consumers.get('EVENTS', name);
      const message = await consumer.next({ expires: 30_000 });
      expect(message?.json()).toMatchObject({ specversion: '1.0' });
      message?.ack();
    } finally {
      await bus.close();
    }
  }, 90_000);

  it('keeps its secrets to the account that runs it', async () => {
    for (const name of ['cli-token', 'secrets', 'identity/keys', 'identity/bus', 'database', 'servers', 'runtime.json']) {
      expect((await stat(join(first.dataDir, name))).mode & GROUP_OR_OTHERS, name).toBe(0);
    }
  });
});

describe('a second runtime', () => {
  it('is refused in the same folder, with what to do', async () => {
    const { code, stderr } = await first.run('up', '--port', String(await freePort()));
    expect(code).toBe(2);
    expect(stderr).toContain('a runtime already runs here');
    expect(stderr).toContain('mailwarden down');
    expect((await first.ask('fleet')).servers).toHaveLength(1);
  }, 60_000);

  it('is refused on a taken port, and leaves nothing behind', async () => {
    const port = await freePort();
    const holder = createServer().listen(port, '127.0.0.1');
    const dataDir = await mkdtemp(join(tmpdir(), 'mailwarden-e2e-'));
    try {
      await expect(DemoRuntime.start({ dataDir, port, arguments: WATCH_THIS_HOST })).rejects.toThrow(/taken by another program[\s\S]*--port/);
      expect(await processesOf(dataDir)).toEqual([]);
    } finally {
      holder.close();
      await rm(dataDir, { recursive: true, force: true });
    }
  }, 60_000);

  it('lives beside the first one with a folder and a port of its own', async () => {
    const second = await DemoRuntime.start({ arguments: WATCH_THIS_HOST });
    try {
      expect((await second.ask('fleet')).servers).toHaveLength(1);
      expect(await second.run('down')).toMatchObject({ code: 0 });
      expect(await processesOf(second.dataDir)).toEqual([]);
      expect((await first.ask('fleet')).servers).toHaveLength(1);
    } finally {
      await second.remove();
    }
  }, 120_000);
});

describe('a runtime in the background', () => {
  it('starts detached, tells its state, prints a link that works once more, and is stopped by down', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'mailwarden-e2e-'));
    const port = String(await freePort());
    const run = (...args: string[]) => first.runIn(dataDir, ...args);
    try {
      expect(await run('status')).toMatchObject({ code: 2 });
      expect((await run('up', '--detach', '--port', port)).stdout).toContain('/sign-in#link=');
      expect(await run('status')).toMatchObject({ code: 0 });
      expect((await run('login')).stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/sign-in#link=[\w-]{40,}\n$/);
      expect(await run('down')).toMatchObject({ code: 0 });
      expect(await processesOf(dataDir)).toEqual([]);
      expect((await run('down')).stdout).toContain('Nothing runs');
    } finally {
      await run('down');
      await rm(dataDir, { recursive: true, force: true });
    }
  }, 120_000);
});
