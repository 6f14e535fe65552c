import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EgressReport, TransmissionRule } from '@mailwarden/contracts';
import { instantOf } from '@mailwarden/kernel';
import { eventually } from '@mailwarden/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ELSEWHERE, HERE, missingForNetworks, Networks, THERE, type Speaker } from './egress-namespaces.js';
import { KeeperHost, PROFILE, rule } from './keeper-host.js';

const MISSING = missingForNetworks();
const PRODUCT = 60_021;
const OTHER = 60_022;
const HTTPS = 443;
const MAIL = 25;
/** From the word of an officer to a refusal. Units: milliseconds. */
const WITHDRAWN_MS_MAX = 1_000;
/** From somebody else's change to its mending. Units: milliseconds. */
const MENDED_MS_MAX = 10_000;
/** A machine on which everything is tried at once. */
const CONTENTION_TIMES = 4;

let networks: Networks;
let product: Speaker;
let other: Speaker;
let far: Speaker;
let names: Speaker;
let host: KeeperHost;

const CLOUD = { host: THERE.v4, ports: [HTTPS] };
const KSN = rule('ksn', { endpoints: [CLOUD] });
/** Every flow of the profile goes somewhere that is known, so that what goes elsewhere is declared by none. */
const ALL: readonly TransmissionRule[] = [KSN, rule('ksn-statistics', { endpoints: [CLOUD] }), rule('licence-conditions', { mode: 'observe', endpoints: [{ host: ELSEWHERE.v4, ports: [HTTPS] }] })];
const GRANTED = [{ agreement: 'ksn-statement' }, { agreement: 'supplementary-ksn-statement' }];
const WITHDRAWN = [{ agreement: 'ksn-statement', action: 'withdraw' as const }];

const flowOf = (report: EgressReport, id: string) => report.profiles[PROFILE]?.flows.find((flow) => flow.id === id);
const table = (): string => networks.here$('nft list tables');

beforeAll(async () => {
  if (MISSING !== null) return;
  networks = await Networks.make();
  [product, other, far, names] = [await networks.speaker('here', PRODUCT), await networks.speaker('here', OTHER), await networks.speaker('there', 0), await networks.speaker('there', 0)];
  for (const port of [HTTPS, 80, 8_443, MAIL]) await far.listen('tcp', port);
}, 120_000);
afterAll(() => networks?.end());
beforeEach(async () => {
  if (MISSING !== null) return;
  host = new KeeperHost(networks.here, { kluser: PRODUCT }, { 'etc/resolv.conf': `nameserver ${THERE.v4}\n`, 'etc/hosts': `127.0.0.1 localhost\n${ELSEWHERE.v4} Own.Cloud.Example # ours\n` });
  await host.start();
});
afterEach(async () => {
  if (MISSING !== null) return;
  await host.remove();
  networks.here$('nft flush ruleset');
});

describe.runIf(MISSING === null)(`the keeper of the packet filter${MISSING === null ? '' : ` (skipped: ${MISSING})`}`, { timeout: 120_000 }, () => {
  it('refuses what consent no longer covers within a second, at once for open connections, and no other account and no mail', async () => {
    const bundle = host.bundle(1, [KSN]);
    const granted = await host.tell({ bundle, entries: [host.entry(1, GRANTED)] });
    expect(granted.applied).toEqual({ bundleVersion: 1, revisions: { organisation: 1 } });
    expect(flowOf(granted, 'ksn')).toMatchObject({ effect: 'allowed', enforced: true });
    expect((await product.ask({ op: 'open', name: 'open', host: THERE.v4, port: HTTPS })).outcome).toBe('done');
    expect(await product.talks(THERE.v4, MAIL)).toBe('answered');
    const beganMs = performance.now();
    const withdrawn = await host.tell({ bundle, entries: [host.entry(2, WITHDRAWN)] });
    expect(performance.now() - beganMs).toBeLessThan(WITHDRAWN_MS_MAX * CONTENTION_TIMES);
    expect(flowOf(withdrawn, 'ksn')).toMatchObject({ effect: 'refused', enforced: true, because: expect.stringContaining('ksn-statement is withdrawn; policy follow-consent') as string });
    expect(withdrawn.applied?.revisions).toEqual({ organisation: 2 });
    expect((await product.ask({ op: 'say', name: 'open' })).outcome).toMatch(/^(?:ECONNRESET|EPIPE|ECONNREFUSED|closed)$/);
    expect(await product.talks(THERE.v4, HTTPS)).toBe('ECONNREFUSED');
    expect(await other.talks(THERE.v4, HTTPS)).toBe('answered');
    expect(await product.talks(THERE.v4, MAIL)).toBe('answered');
    expect(flowOf(await host.tell({ bundle }), 'ksn')?.refusedPackets).toBeGreaterThan(0);
    await host.tell({ bundle, entries: [host.entry(3, GRANTED)] });
    expect(await product.talks(THERE.v4, HTTPS)).toBe('answered');
  });

  it('believes nobody but the services: forged and older words, and those for another server, change nothing', async () => {
    const bundle = host.bundle(5, [KSN]);
    await host.tell({ bundle, entries: [host.entry(7, WITHDRAWN)] });
    const lies = [
      { entries: [host.entry(8, GRANTED, { signedBy: 'stranger' })] },
      { entries: [host.entry(6, GRANTED)] },
      { bundle: host.bundle(6, [rule('ksn', { mode: 'observe' })], { signedBy: 'stranger' }) },
      { bundle: host.bundle(4, [rule('ksn', { mode: 'observe' })]) },
      { bundle: host.bundle(9, [rule('ksn', { mode: 'observe' })], { server: 'mx-2' }) },
      { bundle: { payload: 'nonsense' }, entries: [null, 7, 'x'] },
    ];
    for (const lie of lies) expect((await host.tell(lie)).applied, JSON.stringify(lie)).toEqual({ bundleVersion: 5, revisions: { organisation: 7 } });
    expect((await host.tell(lies[0] ?? {})).refused).toEqual(['a consent entry is not signed by the service that may issue it']);
    expect(await product.talks(THERE.v4, HTTPS)).toBe('ECONNREFUSED');
  });

  it('stands before anybody speaks to it, after it was killed and after a start without a table', async () => {
    const bundle = host.bundle(1, [KSN], { expiresAt: Date.now() - 1_000 });
    await host.tell({ bundle, entries: [host.entry(1, WITHDRAWN)] });
    await host.end('SIGKILL');
    expect(await product.talks(THERE.v4, HTTPS)).toBe('ECONNREFUSED');
    networks.here$('nft flush ruleset'); // As a reboot does.
    expect(await product.talks(THERE.v4, HTTPS)).toBe('answered');
    await host.start();
    expect(await product.talks(THERE.v4, HTTPS)).toBe('ECONNREFUSED');
    expect(flowOf(await host.tell({}), 'ksn')).toMatchObject({ effect: 'refused' });
  });

  it('mends what others do to it within ten seconds, and counts it', async () => {
    const bundle = host.bundle(1, [KSN]);
    await host.tell({ bundle, entries: [host.entry(1, WITHDRAWN)] });
    const acts = ['nft flush ruleset', 'nft delete table inet mailwarden', 'nft flush chain inet mailwarden egress'];
    for (const [index, act] of acts.entries()) {
      networks.here$(act);
      expect(await product.talks(THERE.v4, HTTPS), act).toBe('answered');
      const beganMs = performance.now();
      await eventually(`mended after: ${act}`, MENDED_MS_MAX, async () => ((await product.talks(THERE.v4, HTTPS)) === 'ECONNREFUSED' ? true : undefined));
      expect(performance.now() - beganMs).toBeLessThan(MENDED_MS_MAX);
      expect((await host.tell({ bundle })).profiles[PROFILE]?.restored).toBe(index + 1);
    }
    networks.here$('nft add table inet somebody');
    expect(table()).toContain('table inet somebody');
  });

  it('follows names, by the host\'s own file and by its name servers, while they change', async () => {
    expect((await names.ask({ op: 'names', addresses: { 'cloud.example': [THERE.v4] } })).outcome).toBe('done');
    const bundle = host.bundle(1, [rule('ksn', { endpoints: [{ host: 'cloud.example', ports: [HTTPS, 8_443] }, { host: 'own.cloud.example', ports: [80] }] })]);
    await host.tell({ bundle, entries: [host.entry(1, WITHDRAWN)] });
    const refused = (address: string, port: number): Promise<true> => eventually(`${address} ${port} is refused`, MENDED_MS_MAX, async () => ((await product.talks(address, port)) === 'ECONNREFUSED' ? true : undefined));
    await refused(THERE.v4, HTTPS);
    await refused(ELSEWHERE.v4, 80);
    expect(await product.talks(THERE.v4, 80)).toBe('answered');
    expect(await product.talks(ELSEWHERE.v4, HTTPS)).toBe('answered');
    await names.ask({ op: 'names', addresses: { 'cloud.example': [ELSEWHERE.v4] } });
    await refused(ELSEWHERE.v4, HTTPS);
    // What the product resolved before counts on.
    expect(await product.talks(THERE.v4, 8_443)).toBe('ECONNREFUSED');
    // Also after a start at which no name server answers.
    await names.ask({ op: 'names', addresses: {} });
    await host.end('SIGKILL');
    networks.here$('nft flush ruleset');
    await host.start();
    for (const address of [THERE.v4, ELSEWHERE.v4]) expect(await product.talks(address, HTTPS), address).toBe('ECONNREFUSED');
    expect(flowOf(await host.tell({ bundle }), 'ksn')).toMatchObject({ effect: 'refused', enforced: true });
  });

  it('does not say that it refuses what it does not know the address of', async () => {
    const report = await host.tell({ bundle: host.bundle(1, [rule('ksn', { endpoints: [{ host: 'nowhere.example', ports: [HTTPS] }] })]), entries: [host.entry(1, WITHDRAWN)] });
    expect(flowOf(report, 'ksn')).toMatchObject({ effect: 'refused', enforced: false, because: expect.stringContaining('nowhere.example has no address that is known') as string });
  });

  it('answers a withdrawal while no name server does', async () => {
    host.write('etc/resolv.conf', `nameserver ${HERE.v4}\nnameserver 192.0.2.53\n`);
    const slow = rule('ksn-statistics', { endpoints: [{ host: 'slow.example', ports: [HTTPS] }] });
    const bundle = host.bundle(1, [KSN, slow]);
    await host.tell({ bundle, entries: [host.entry(1, GRANTED)] });
    for (let revision = 2; revision < 6; revision += 1) {
      const beganMs = performance.now();
      await host.tell({ bundle, entries: [host.entry(revision, revision % 2 === 0 ? WITHDRAWN : GRANTED)] });
      expect(performance.now() - beganMs).toBeLessThan(WITHDRAWN_MS_MAX * CONTENTION_TIMES);
    }
  });

  it('follows the accounts and name servers of the host, and takes nothing away where an account is gone for a moment', async () => {
    const bundle = host.bundle(1, [rule('ksn', { everything: true })]);
    await host.tell({ bundle, entries: [host.entry(1, WITHDRAWN)] });
    expect(await product.datagram(ELSEWHERE.v4, 53)).not.toBe('answered');
    host.write('etc/resolv.conf', `nameserver ${ELSEWHERE.v4}\n`);
    await eventually('its table names it', MENDED_MS_MAX, async () => (networks.here$('nft list table inet mailwarden').includes(ELSEWHERE.v4) ? true : undefined));
    host.write('etc/resolv.conf', '');
    host.write('etc/passwd', 'root:x:0:0::/:/bin/false\n');
    await sleep(2_500);
    expect(await product.talks(THERE.v4, HTTPS)).toBe('ECONNREFUSED');
    expect(flowOf(await host.tell({ bundle }), 'ksn')).toMatchObject({ effect: 'refused' });
    // Also after a start, when nobody knows any more whose number it was: the table of before stands, and that is said.
    await host.end('SIGKILL');
    await host.start();
    expect(host.said).toContain('none of the accounts');
    expect(await host.tell({ bundle })).toMatchObject({ applied: null });
    expect(await product.talks(THERE.v4, HTTPS)).toBe('ECONNREFUSED');
    host.write('etc/passwd', `kluser:x:${OTHER}:${OTHER}::/:/bin/false\n`);
    await eventually('the account has another number', MENDED_MS_MAX, async () => ((await other.talks(THERE.v4, HTTPS)) === 'ECONNREFUSED' ? true : undefined));
    expect(await product.talks(THERE.v4, HTTPS)).toBe('answered');
  });

  it('ends what was opened while somebody had its table away, where everything is refused', async () => {
    await host.tell({ bundle: host.bundle(1, [rule('ksn', { everything: true })]), entries: [host.entry(1, WITHDRAWN)] });
    networks.here$('nft flush ruleset');
    expect((await product.ask({ op: 'open', name: 'gap', host: ELSEWHERE.v4, port: 8_443 })).outcome).toBe('done');
    await eventually('it is mended', MENDED_MS_MAX, async () => ((await product.talks(THERE.v4, 80)) === 'ECONNREFUSED' ? true : undefined));
    await eventually('it has ended', MENDED_MS_MAX, async () => (/^(?:ECONNRESET|EPIPE|closed)$/.test((await product.ask({ op: 'say', name: 'gap' })).outcome) ? true : undefined));
  });

  it('never says that rules refuse which somebody took out of the table', async () => {
    const bundle = host.bundle(1, [KSN]);
    await host.tell({ bundle, entries: [host.entry(1, WITHDRAWN)] });
    for (let times = 1; times < 4; times += 1) {
      networks.here$('nft flush chain inet mailwarden egress');
      const report = await host.tell({ bundle });
      // Mended before it answers, or told as not standing.
      if (report.profiles[PROFILE]?.filter === 'stands') expect(await product.talks(THERE.v4, HTTPS)).toBe('ECONNREFUSED');
    }
  });

  it('keeps a text that it knows when the agent is started again and says nothing yet', async () => {
    const [agreed, found] = ['a'.repeat(64), 'b'.repeat(64)];
    const bundle = host.bundle(1, [{ ...KSN, failClosed: true }]);
    const lies = { [PROFILE]: [{ id: 'ksn-statement', textSha256: { known: true, value: found } }] } as never;
    expect(flowOf(await host.tell({ bundle, entries: [host.entry(1, [{ textSha256: agreed as never }])], agreements: lies }), 'ksn')).toMatchObject({ effect: 'refused', because: expect.stringContaining('text-changed') as string });
    expect(flowOf(await host.tell({ bundle }), 'ksn')).toMatchObject({ effect: 'refused' });
  });

  it('reads one task after the other, however many come at once', async () => {
    const bundle = host.bundle(1, [KSN]);
    await host.tell({ bundle, entries: [host.entry(1, WITHDRAWN)] });
    const task = `${JSON.stringify({ schema: 'mailwarden/egress-task/v1', bundle: null, entries: [], agreements: {} })}\n`;
    const flood = connect(host.socket);
    flood.on('error', () => undefined);
    let unsent = 0;
    for (let turn = 0; turn < 200; turn += 1) if (!flood.write(task.repeat(1_000))) unsent += 1;
    await sleep(2_000);
    expect(unsent).toBeGreaterThan(0);
    expect(Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${host.pid}/status`, 'utf8'))?.[1])).toBeLessThan(300_000);
    expect(flowOf(await host.tell({ bundle }), 'ksn')).toMatchObject({ effect: 'refused' });
    flood.destroy();
  });

  it('tells what was sent: to declared flows, in plain text, and where no flow goes, by its network', async () => {
    const bundle = host.bundle(1, ALL.map((one) => ({ ...one, mode: 'observe' as const, ...(one.flow === 'licence-conditions' ? { endpoints: [{ host: ELSEWHERE.v4, ports: [80] }] } : {}) })));
    await host.tell({ bundle, entries: [host.entry(1, WITHDRAWN)] });
    expect(await product.talks(THERE.v4, HTTPS)).toBe('answered');
    expect((await product.ask({ op: 'flash', host: THERE.v4, port: 8_443 })).outcome).toBe('done');
    expect(await product.talks(ELSEWHERE.v4, 80)).toBe('answered');
    const report = await host.tell({ bundle });
    expect(flowOf(report, 'ksn')).toMatchObject({ effect: 'allowed', destinations: 1, plaintextDestinations: 0, because: expect.stringContaining('no policy refuses it') as string });
    expect(flowOf(report, 'licence-conditions')).toMatchObject({ destinations: 1, plaintextDestinations: 1 });
    expect(report.profiles[PROFILE]?.undeclared).toContainEqual(expect.objectContaining({ network: '10.77.0.0/24', protocol: 'tcp', port: 8_443, plaintext: false }));
    expect(JSON.stringify(report)).not.toContain(THERE.v4);
  });

  it('ends what was open before it stood, where everything is refused, and lets relays be reached', async () => {
    expect((await product.ask({ op: 'open', name: 'early', host: THERE.v4, port: 8_443 })).outcome).toBe('done');
    const bundle = host.bundle(1, [rule('ksn', { everything: true })], { relays: [ELSEWHERE.v4] });
    const report = await host.tell({ bundle, entries: [host.entry(1, WITHDRAWN)] });
    expect(flowOf(report, 'ksn')).toMatchObject({ effect: 'refused', enforced: true });
    expect((await product.ask({ op: 'say', name: 'early' })).outcome).toMatch(/^(?:ECONNRESET|EPIPE|closed)$/);
    expect(await product.talks(THERE.v4, 80)).toBe('ECONNREFUSED');
    expect(await product.talks(ELSEWHERE.v4, 80)).toBe('answered');
    expect(await product.talks(THERE.v4, MAIL)).toBe('answered');
  });

  it('says what it cannot refuse, and refuses nothing by guess', async () => {
    const report = await host.tell({ bundle: host.bundle(1, [rule('ksn')]), entries: [host.entry(1, WITHDRAWN)] });
    expect(flowOf(report, 'ksn')).toMatchObject({ effect: 'allowed', enforced: false, because: expect.stringContaining('nobody says where it goes') as string });
    expect(await product.talks(THERE.v4, HTTPS)).toBe('answered');
  });

  it('lifts a policy until an instant, and a grant until its end, with nobody speaking to it', async () => {
    const soon = (seconds: number) => instantOf(Date.now() + seconds * 1_000);
    await host.tell({ bundle: host.bundle(1, [{ ...KSN, liftedUntil: soon(3) }]), entries: [host.entry(1, WITHDRAWN)] });
    expect(await product.talks(THERE.v4, HTTPS)).toBe('answered');
    await eventually('the lifting has ended', 20_000, async () => ((await product.talks(THERE.v4, HTTPS)) === 'ECONNREFUSED' ? true : undefined));
    await host.tell({ bundle: host.bundle(2, [KSN]), entries: [host.entry(2, [{ validUntil: soon(3) }])] });
    expect(await product.talks(THERE.v4, HTTPS)).toBe('answered');
    await eventually('the grant has ended', 20_000, async () => ((await product.talks(THERE.v4, HTTPS)) === 'ECONNREFUSED' ? true : undefined));
  });

  it('lets everything flow while the administrator of the host says so, says until when, and refuses again after it', async () => {
    await host.tell({ bundle: host.bundle(1, [KSN]), entries: [host.entry(1, WITHDRAWN)] });
    expect(await product.talks(THERE.v4, HTTPS)).toBe('ECONNREFUSED');
    expect(await host.lift('1 hour')).toBe(0);
    await eventually('it is lifted', 20_000, async () => ((await product.talks(THERE.v4, HTTPS)) === 'answered' ? true : undefined));
    expect(flowOf(await host.tell({}), 'ksn')).toMatchObject({ effect: 'allowed', enforced: false, liftedUntil: expect.any(String) as string });
    expect(await host.lift('for ever')).toBe(1);
    expect(await host.lift('end')).toBe(0);
    await eventually('it is refused again', 20_000, async () => ((await product.talks(THERE.v4, HTTPS)) === 'ECONNREFUSED' ? true : undefined));
  });

  it('takes its table away where no policy asks for one, and when it is uninstalled', async () => {
    await host.tell({ bundle: host.bundle(1, [KSN]), entries: [host.entry(1, WITHDRAWN)] });
    expect(table()).toContain('inet mailwarden');
    expect(await host.tell({ bundle: host.bundle(2, undefined) })).toMatchObject({ applied: null, profiles: {} });
    expect(table()).not.toContain('mailwarden');
    await host.tell({ bundle: host.bundle(3, [KSN]) });
    expect(table()).toContain('inet mailwarden');
    expect(await host.uninstall()).toBe(0);
    expect(table()).not.toContain('mailwarden');
  });

  it('gives up every right but that one, keeps its files to itself, and outlives rubbish', async () => {
    const status = readFileSync(`/proc/${host.pid}/status`, 'utf8');
    expect(status).toMatch(/^CapEff:\t0000000000001000$/m);
    expect(status).toMatch(/^CapPrm:\t0000000000001000$/m);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    await host.tell({ bundle: host.bundle(1, [KSN]), entries: [host.entry(1, WITHDRAWN)] });
    expect(statSync(join(host.dir, 'state')).mode & 0o077).toBe(0);
    expect(statSync(join(host.dir, 'state/standing.json')).mode & 0o077).toBe(0);
    for (const rubbish of [`{"schema":"mailwarden/egress-task/v1","bundle":[${'{},'.repeat(2_000_000)}{}]}\n`, '{}\n', 'no json\n', '\n\n\n', `{"schema":"mailwarden/egress-task/v1","entries":${'['.repeat(5_000)}\n`]) {
      const socket = connect(host.socket);
      socket.on('error', () => undefined);
      socket.end(rubbish);
      await sleep(50);
    }
    expect(flowOf(await host.tell({}), 'ksn')).toMatchObject({ effect: 'refused' });
    await host.end();
    writeFileSync(join(host.dir, 'state/standing.json'), '{"half');
    await host.start();
    expect(host.said).toContain('of what was kept: what was kept is not JSON');
    // What nobody can read ends nothing: the table of the last keeper stands.
    expect(await product.talks(THERE.v4, HTTPS)).toBe('ECONNREFUSED');
  });
});
