import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connectBus, ensureSubscriber, ensureTopology } from '@mailwarden/messaging';
import { eventually, startNats, type RunningNats } from '@mailwarden/testing';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EventSpeaker } from './forwarder-process.js';
import { isProgram } from './log-programs.js';

const SOURCE = join(import.meta.dirname, '../../deploy/siem/c-client/read-events.c');
/** Where `bin/test integration` unpacks the client's library; the machine's own where it is installed. */
const UNPACKED = join(import.meta.dirname, '../../.tools/siem-programs/usr');
const PREFIX = [UNPACKED, '/usr'].find((prefix) => existsSync(join(prefix, 'include/nats/nats.h'))) ?? null;
const COMPILER = ['/usr/bin/cc', '/usr/bin/gcc'].find(isProgram) ?? null;
const AFTER_KILL_MS_MAX = 90_000;

/** A subscriber of another kind than ours: the NATS project's client for C, as Debian has it. */
describe.skipIf(PREFIX === null || COMPILER === null)('the client in C of deploy/siem', () => {
  let nats: RunningNats;
  let control: NatsConnection;
  let dir: string;
  let libraries: string;
  let client: ChildProcess | null = null;
  const printed: string[] = [];
  let complaint = '';

  const start = (): void => {
    const child = spawn(join(dir, 'read-events'), [nats.url, nats.identity.certificates.ca, nats.identity.siemCreds, 'EVENTS', 'siem-main'], { env: { LD_LIBRARY_PATH: libraries }, stdio: ['ignore', 'pipe', 'pipe'] });
    let waiting = '';
    child.stdout.on('data', (chunk: Buffer) => {
      const lines = (waiting + chunk.toString()).split('\n');
      waiting = lines.pop() ?? '';
      printed.push(...lines);
    });
    child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
    client = child;
  };
  const kill = async (): Promise<void> => {
    const child = client;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await ended;
  };
  const idsPrinted = (): string[] => printed.map((line) => (JSON.parse(line) as { id: string }).id);

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'mailwarden-c-client-'));
    const folders = readdirSync(join(PREFIX ?? '', 'lib')).filter((name) => name.endsWith('linux-gnu')).map((name) => join(PREFIX ?? '', 'lib', name));
    libraries = folders.join(':');
    await promisify(execFile)(COMPILER ?? '', ['-Wall', '-Werror', '-o', join(dir, 'read-events'), SOURCE, `-I${PREFIX ?? ''}/include`, ...folders.flatMap((folder) => [`-L${folder}`, `-Wl,-rpath-link,${folder}`]), '-lnats']);
    nats = await startNats({ servers: ['mx-1'] });
    control = await connectBus({ url: nats.url, caFile: nats.identity.certificates.ca, credsFile: nats.identity.services.reporting.creds, name: 'suite' });
    await ensureTopology(control);
    await ensureSubscriber(control, 'main');
  });
  afterAll(async () => {
    await kill();
    await control?.close();
    await nats?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  it('has every event, though it is killed in the middle', async () => {
    const saying = (await EventSpeaker.open(nats, control)).sayMany(500);
    for (const until of [100, 250]) {
      start();
      await eventually(`${until} events printed; ${complaint}`, AFTER_KILL_MS_MAX, () => Promise.resolve(new Set(idsPrinted()).size >= until ? true : undefined));
      await kill();
    }
    const ids = await saying;
    start();
    await eventually('every event is acknowledged', AFTER_KILL_MS_MAX, async () => {
      const { num_pending, num_ack_pending } = await (await jetstreamManager(control)).consumers.info('EVENTS', 'siem-main');
      return num_pending + num_ack_pending === 0 ? true : undefined;
    });
    expect(new Set(idsPrinted())).toEqual(new Set(ids));
    expect(complaint).toBe('');
  }, 300_000);
});
