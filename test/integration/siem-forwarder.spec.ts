import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { BusAuthority, ensureCertificates, generateSigningKey, type CertificateFiles } from '@mailwarden/identity';
import { signerFromPem } from '@mailwarden/kernel';
import { connectBus, ensureSubscriber, ensureTopology, placeSubscriber } from '@mailwarden/messaging';
import { eventually, startNats, type RunningNats } from '@mailwarden/testing';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EventSpeaker, ForwarderProcess } from './forwarder-process.js';
import { HttpSink, SyslogSink, type Mood } from './siem-receivers.js';

const WAIT_MS_MAX = 30_000;
/** The broker gives what was taken by a killed forwarder to the next one when its patience is over. */
const AFTER_KILL_MS_MAX = 60_000;
const UNDER_LOAD = 3_000;

const idsOf = (lines: readonly string[]): string[] => lines.map((line) => (JSON.parse(line) as { id: string }).id);

describe('the forwarder', () => {
  let nats: RunningNats;
  let control: NatsConnection;
  let creds: string;
  let dir: string;
  let tls: CertificateFiles;
  let http: HttpSink;
  let syslog: SyslogSink;
  let speaker: EventSpeaker;
  const forwarders: ForwarderProcess[] = [];

  const forwarder = async (part: Readonly<Record<string, unknown>>): Promise<ForwarderProcess> => {
    const made = await ForwarderProcess.prepare(nats, creds, part);
    forwarders.push(made);
    return made;
  };
  const toHttp = (part: Readonly<Record<string, unknown>> = {}, more: Readonly<Record<string, unknown>> = {}): Promise<ForwarderProcess> => forwarder({ format: 'mailwarden', receiver: { kind: 'http', url: `http://127.0.0.1:${http.port}/in`, timeoutMs: 1_000, ...part }, ...more });
  const toSyslog = (part: Readonly<Record<string, unknown>> = {}, more: Readonly<Record<string, unknown>> = {}): Promise<ForwarderProcess> => forwarder({ format: 'mailwarden', receiver: { kind: 'syslog', host: '127.0.0.1', port: syslog.port, ca: tls.ca, ...part }, ...more });
  const unanswered = async (): Promise<number> => {
    const { num_pending, num_ack_pending } = await (await jetstreamManager(control)).consumers.info('EVENTS', 'siem-forwarder');
    return num_pending + num_ack_pending;
  };
  const allAnswered = (timeoutMs = WAIT_MS_MAX): Promise<true> => eventually('every event is answered on the bus', timeoutMs, async () => ((await unanswered()) === 0 ? true : undefined));

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'mailwarden-siem-tls-'));
    nats = await startNats({ servers: ['mx-1'], subscribers: ['forwarder'] });
    tls = await ensureCertificates(join(dir, 'tls'), ['127.0.0.1', 'siem.example.org']);
    control = await connectBus({ url: nats.url, caFile: nats.identity.certificates.ca, credsFile: nats.identity.services.reporting.creds, name: 'suite' });
    await ensureTopology(control);
    creds = await (await BusAuthority.open(dirname(dirname(nats.identity.siemCreds)))).siemCredentials('forwarder');
  });
  beforeEach(async () => {
    await (await jetstreamManager(control)).streams.delete('EVENTS');
    await ensureTopology(control);
    await ensureSubscriber(control, 'forwarder');
    await placeSubscriber(control, 'forwarder', { only: [], since: null });
    [http, syslog] = [new HttpSink(), new SyslogSink(tls)];
    await http.start();
    await syslog.start();
    speaker = await EventSpeaker.open(nats, control);
  });
  afterEach(async () => {
    await Promise.all(forwarders.splice(0).map((one) => one.remove()));
    await http.stop();
    await syslog.stop();
  });
  afterAll(async () => {
    await control?.close();
    await nats?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  describe('over HTTP', () => {
    it('brings every event in order, in each format, and answers the bus when it was taken', async () => {
      const ids = await speaker.sayMany(250);
      for (const format of ['mailwarden', 'ocsf', 'cef']) {
        http.lines.length = 0;
        await placeSubscriber(control, 'forwarder', { only: [], since: null });
        const one = await toHttp({}, { format });
        one.start();
        await allAnswered();
        const idOf = { mailwarden: (line: string) => (JSON.parse(line) as { id: string }).id, ocsf: (line: string) => (JSON.parse(line) as { metadata: { uid: string } }).metadata.uid, cef: (line: string) => /externalId=(\S+)/.exec(line)?.[1] ?? '' }[format as 'cef'];
        expect(http.lines.map(idOf)).toEqual(ids);
        await one.end('SIGTERM');
      }
    }, 60_000);

    it('sends an array and a secret from a file where it was told to', async () => {
      const ids = await speaker.sayMany(3);
      const file = join(dir, 'authorization');
      await writeFile(file, 'Bearer of-this-suite\n', { mode: 0o600 });
      (await toHttp({ body: 'array', authorizationFile: file })).start();
      await allAnswered();
      expect(idsOf(http.lines)).toEqual(ids);
      expect(new Set(http.authorizations)).toEqual(new Set(['Bearer of-this-suite']));
    });

    it.each<Mood>(['slow', 500, 429, 401, 'cut-before', 'cut-after', 'half-answer'])('keeps events while the receiver is %s, and brings them when it is well', async (mood) => {
      http.mood = mood;
      const ids = await speaker.sayMany(20);
      const one = await toHttp();
      one.start();
      await eventually('three tries', WAIT_MS_MAX, async () => (http.requests >= 3 ? true : undefined));
      expect(await unanswered()).toBe(20);
      expect(await one.aside()).toEqual([]);
      http.mood = 'take';
      await allAnswered();
      expect(idsOf(http.lines)).toEqual(ids);
    }, 60_000);

    it('waits for a receiver that is away and comes back', async () => {
      await http.stop();
      const ids = await speaker.sayMany(20);
      const one = await toHttp();
      one.start();
      await eventually('it has tried', WAIT_MS_MAX, async () => (one.output.includes('ECONNREFUSED') ? true : undefined));
      expect(await unanswered()).toBe(20);
      await http.start();
      await allAnswered();
      expect(idsOf(http.lines)).toEqual(ids);
    }, 60_000);

    it('puts aside what the receiver will never take, with the reason, and brings all others', async () => {
      http.mood = 'picky';
      const before = await speaker.sayMany(20);
      await speaker.say('poison for this receiver', { id: 'the-poison' });
      const after = await speaker.sayMany(20);
      const one = await toHttp();
      one.start();
      await allAnswered();
      expect(idsOf(http.lines)).toEqual([...before, ...after]);
      const aside = await one.aside();
      expect(aside.map(({ reason }) => reason)).toEqual(['the receiver answered 400']);
      expect(Buffer.from(aside[0]?.original ?? '', 'base64').toString()).toContain('the-poison');
    });

    it('puts aside what no service signed, and rubbish, and brings all others', async () => {
      const [first] = await speaker.sayMany(1);
      await speaker.say('forged', { id: 'forged', as: signerFromPem(generateSigningKey().pem), sequence: 2 });
      control.publish('mw.event.message.rejected.high.mx-1', 'rubbish');
      const last = await speaker.say('well', { sequence: 3 });
      const one = await toHttp();
      one.start();
      await allAnswered();
      expect(idsOf(http.lines)).toEqual([first, last]);
      expect((await one.aside()).map(({ reason }) => reason.split(':')[0])).toEqual(['bad-signature', 'not-json']);
    });

    it('loses nothing when it is killed in the middle, again and again, under load', async () => {
      const saying = speaker.sayMany(UNDER_LOAD);
      const one = await toHttp({}, { batchMessages: 20 });
      for (const until of [200, 700, 1_500]) {
        one.start();
        await eventually(`${until} events arrived`, AFTER_KILL_MS_MAX, async () => (new Set(idsOf(http.lines)).size >= until ? true : undefined));
        await one.end('SIGKILL');
      }
      const ids = await saying;
      one.start();
      await allAnswered(AFTER_KILL_MS_MAX * 2);
      const got = idsOf(http.lines);
      expect(new Set(got)).toEqual(new Set(ids));
      expect(got.length - ids.length).toBeLessThanOrEqual(3 * 20);
    }, 240_000);

    it('tells a gap in the numbers of a source, also across a restart, and no false one', async () => {
      await speaker.sayMany(5);
      const one = await toHttp();
      one.start();
      await allAnswered();
      await one.end('SIGTERM');
      await speaker.say('after a gap', { sequence: 9 });
      one.start();
      await eventually('the gap is told', 60_000, async () => {
        await speaker.say('goes on');
        return one.output.includes('"from":6,"to":8') ? true : undefined;
      });
      expect(one.output.match(/events are missing/g)).toHaveLength(1);
    }, 90_000);

    it('gives back what it had taken when it ends in order, so that the next one need not wait', async () => {
      http.mood = 500;
      const ids = await speaker.sayMany(50);
      const one = await toHttp();
      one.start();
      await eventually('it has tried', WAIT_MS_MAX, async () => (http.requests >= 2 ? true : undefined));
      await one.end('SIGTERM');
      http.mood = 'take';
      one.start();
      await allAnswered(20_000);
      expect(new Set(idsOf(http.lines))).toEqual(new Set(ids));
    }, 60_000);
  });

  describe('over syslog', () => {
    const texts = (): string[] => syslog.messages.map((message) => message.slice(message.indexOf('] ') + 2));

    it('brings every event in order with counted bytes', async () => {
      const ids = await speaker.sayMany(250, 'grüße "]\\ und\u2028mehr');
      (await toSyslog()).start();
      await allAnswered();
      expect(idsOf(texts())).toEqual(ids);
      expect(syslog.messages[0]).toMatch(/^<107>1 2026-03-01T08:00:00\.000Z mx-1 mailwarden - message\.rejected \[origin software="Mailwarden" swVersion="[\d.]+"\] \{/);
    });

    it('brings again what a receiver that was cut off may not have', async () => {
      const one = await toSyslog({}, { batchMessages: 10 });
      one.start();
      const saying = speaker.sayMany(300);
      for (const until of [50, 150]) {
        await eventually(`${until} arrived`, WAIT_MS_MAX, async () => (syslog.messages.length >= until ? true : undefined));
        syslog.cutConnections();
      }
      await eventually('200 arrived', WAIT_MS_MAX, async () => (syslog.messages.length >= 200 ? true : undefined));
      await syslog.stop();
      await new Promise((resolve) => setImmediate(resolve));
      await syslog.start();
      const ids = await saying;
      await allAnswered(60_000);
      expect(new Set(idsOf(texts()))).toEqual(new Set(ids));
    }, 120_000);

    it('sends nothing to a receiver whose certificate has another name, or comes from somebody else', async () => {
      const foreign = await ensureCertificates(join(dir, 'foreign'), ['127.0.0.1']);
      await speaker.sayMany(1);
      for (const [part, why] of [[{ serverName: 'other.example.org' }, 'ERR_TLS_CERT_ALTNAME_INVALID'], [{ ca: foreign.ca }, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT_IN_CHAIN|CERT_SIGNATURE_FAILURE|unable to get local issuer']] as const) {
        const one = await toSyslog(part);
        one.start();
        await eventually('it was refused', WAIT_MS_MAX, async () => (new RegExp(why).test(one.output) ? true : undefined));
        await one.end('SIGKILL');
      }
      expect(syslog.messages).toEqual([]);
      const one = await toSyslog({ serverName: 'siem.example.org' });
      one.start();
      await eventually('it arrived', AFTER_KILL_MS_MAX, async () => (syslog.messages.length > 0 ? true : undefined));
    }, 120_000);

    it('shows its own certificate where the receiver wants one', async () => {
      await syslog.stop();
      const [cert, key] = [join(dir, 'client.pem'), join(dir, 'client-key.pem')];
      await promisify(execFile)('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', cert, '-subj', '/CN=forwarder', '-days', '2']);
      await chmod(key, 0o600);
      syslog = new SyslogSink({ ...tls, clientCa: cert });
      await syslog.start();
      const ids = await speaker.sayMany(2);
      const without = await toSyslog();
      without.start();
      await eventually('it was refused', WAIT_MS_MAX, async () => (without.output.includes('did not take events') ? true : undefined));
      await without.end('SIGTERM');
      expect(syslog.messages).toEqual([]);
      (await toSyslog({ cert, key })).start();
      await allAnswered();
      expect(idsOf(texts())).toEqual(ids);
    }, 60_000);
  });

  it('tells everything that is wrong with its settings at once, and does not start', async () => {
    const one = await forwarder({ format: 'xml', batchMessages: 0, bus: { url: '', ca: 'relative', creds: '/x', name: 'main' }, receiver: { kind: 'http', url: 'http://siem.example.org', authorizationFile: '/secret', key: '/key' }, typo: 1 });
    one.start();
    expect(await one.ended()).toBe(1);
    for (const word of ['format', 'batchMessages', 'bus.ca', 'bus.name', 'bus.url', 'typo']) expect(one.output).toContain(word);
  });
});
