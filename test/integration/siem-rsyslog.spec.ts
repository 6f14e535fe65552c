import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { BusAuthority, ensureCertificates } from '@mailwarden/identity';
import { connectBus, ensureSubscriber, ensureTopology } from '@mailwarden/messaging';
import { eventually, freePort, startNats, type RunningNats } from '@mailwarden/testing';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EventSpeaker, ForwarderProcess } from './forwarder-process.js';
import { logProgram } from './log-programs.js';

const EXAMPLE = join(import.meta.dirname, '../../deploy/siem/rsyslog/mailwarden.conf');
const rsyslogd = logProgram('rsyslogd');
const isThere = rsyslogd !== null && existsSync(join(rsyslogd.modules, 'lmnsd_ossl.so'));
const AFTER_KILL_MS_MAX = 90_000;

describe.skipIf(!isThere)('rsyslog with the example of deploy/siem', () => {
  let nats: RunningNats;
  let control: NatsConnection;
  let dir: string;
  let port: number;
  let receiver: ChildProcess | null = null;
  let forwarder: ForwarderProcess;

  const written = async (): Promise<string[]> => (await readFile(join(dir, 'events.jsonl'), 'utf8').catch(() => '')).split('\n').slice(0, -1);
  /** Ids of events that are there whole. Of one that either side was killed in, a part may stand beside its repetition. */
  const idsWritten = async (): Promise<Set<string>> => {
    const whole = (line: string): string[] => {
      try {
        return [(JSON.parse(line) as { id: string }).id];
      } catch {
        return [];
      }
    };
    return new Set((await written()).flatMap(whole));
  };
  const startReceiver = async (): Promise<void> => {
    const child = spawn(rsyslogd?.program ?? '', ['-n', '-f', join(dir, 'rsyslog.conf'), '-i', join(dir, 'pid')], { env: { ...rsyslogd?.env, RSYSLOG_MODDIR: rsyslogd?.modules ?? '' }, stdio: ['ignore', 'inherit', 'inherit'] });
    receiver = child;
    await eventually('rsyslog runs', 10_000, () => Promise.resolve(existsSync(join(dir, 'pid')) ? true : undefined));
    expect(child.exitCode).toBeNull();
  };
  const killReceiver = async (): Promise<void> => {
    const child = receiver;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    await rm(join(dir, 'pid'), { force: true });
  };

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'mailwarden-rsyslog-'));
    port = await freePort();
    const tls = await ensureCertificates(join(dir, 'tls'), ['127.0.0.1']);
    await mkdir(join(dir, 'spool'));
    const example = (await readFile(EXAMPLE, 'utf8'))
      .replace('/var/spool/rsyslog', join(dir, 'spool'))
      .replace('/var/log/mailwarden/events.jsonl', join(dir, 'events.jsonl'))
      .replace('/etc/rsyslog-mailwarden/ca.pem', tls.ca)
      .replace('/etc/rsyslog-mailwarden/server.pem', tls.cert)
      .replace('/etc/rsyslog-mailwarden/server-key.pem', tls.key)
      .replace('6514', String(port));
    await writeFile(join(dir, 'rsyslog.conf'), example);
    nats = await startNats({ servers: ['mx-1'], subscribers: ['forwarder'] });
    control = await connectBus({ url: nats.url, caFile: nats.identity.certificates.ca, credsFile: nats.identity.services.reporting.creds, name: 'suite' });
    await ensureTopology(control);
    await ensureSubscriber(control, 'forwarder');
    const creds = await (await BusAuthority.open(dirname(dirname(nats.identity.siemCreds)))).siemCredentials('forwarder');
    forwarder = await ForwarderProcess.prepare(nats, creds, { format: 'mailwarden', batchMessages: 20, receiver: { kind: 'syslog', host: '127.0.0.1', port, ca: tls.ca } });
  });
  afterAll(async () => {
    await forwarder?.remove();
    await killReceiver();
    await control?.close();
    await nats?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  it('has every event on its disk, though the forwarder is killed in the middle and the receiver too', async () => {
    const speaker = await EventSpeaker.open(nats, control);
    await startReceiver();
    forwarder.start();
    const saying = speaker.sayMany(400, `grüße "]\\ ${'lang '.repeat(80)}`);
    const arrived = (count: number): Promise<true> => eventually(`${count} events on rsyslog's disk`, AFTER_KILL_MS_MAX, async () => ((await idsWritten()).size >= count ? true : undefined));
    await arrived(60);
    await forwarder.end('SIGKILL');
    forwarder.start();
    await arrived(200);
    await killReceiver();
    await eventually('the forwarder waits', 30_000, async () => (forwarder.output.includes('did not take events') ? true : undefined));
    await startReceiver();
    const ids = await saying;
    await eventually('every event is answered on the bus', AFTER_KILL_MS_MAX, async () => {
      const { num_pending, num_ack_pending } = await (await jetstreamManager(control)).consumers.info('EVENTS', 'siem-forwarder');
      return num_pending + num_ack_pending === 0 ? true : undefined;
    });
    await arrived(400);
    expect(await idsWritten()).toEqual(new Set(ids));
  }, 300_000);
});
