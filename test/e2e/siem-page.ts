import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, credsAuthenticator, type NatsConnection } from '@nats-io/transport-node';
import { eventually } from '@mailwarden/testing';
import { WORKSPACE, type DemoRuntime } from './demo-runtime.js';

export interface PrintedEvent {
  readonly id: string;
  readonly event: string;
  readonly sequence: number;
}

interface BusAddress {
  readonly url: string;
  readonly ca: string;
  readonly siemCreds: string;
  readonly siemName: string;
}

/** What `mailwarden status` names for a subscriber. */
async function busAddress(demo: DemoRuntime): Promise<BusAddress> {
  const { stdout } = await demo.run('status', '--format', 'json');
  return (JSON.parse(stdout) as { bus: BusAddress }).bus;
}

/** A plain NATS client with the SIEM's own credentials. */
export async function connectSiem(demo: DemoRuntime): Promise<NatsConnection> {
  const { url, ca, siemCreds } = await busAddress(demo);
  return connect({ servers: url, tls: { caFile: ca }, authenticator: credsAuthenticator(await readFile(siemCreds)) });
}

/** Runs one program of the SIEM page as its reader would, and gives the events that it prints until there are enough. */
export async function eventsPrintedBy(demo: DemoRuntime, name: string, wanted: number): Promise<PrintedEvent[]> {
  const page = await readFile(join(WORKSPACE, 'docs/siem.md'), 'utf8');
  const program = page.split(`save this as \`${name}\``)[1]?.split('```js\n')[1]?.split('```')[0];
  if (program === undefined) throw new Error(`docs/siem.md has no ${name}`);
  const path = join(WORKSPACE, 'test-results', name);
  await writeFile(path, program);
  const { url, ca, siemCreds, siemName } = await busAddress(demo);
  const child = spawn(process.execPath, [path], { env: { NATS_URL: url, NATS_CA: ca, NATS_CREDS: siemCreds, NATS_NAME: siemName }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let complaint = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  try {
    return await eventually(`${wanted} events printed by ${name}`, 60_000, () => {
      if (child.exitCode !== null) throw new Error(`${name} ended: ${complaint}`);
      const lines = output.split('\n').slice(0, -1);
      return Promise.resolve(lines.length < wanted ? undefined : lines.map((line) => JSON.parse(line) as PrintedEvent));
    });
  } finally {
    child.kill();
  }
}
