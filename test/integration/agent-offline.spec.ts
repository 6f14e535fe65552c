import { spawnSync } from 'node:child_process';
import { mkdir, readdir, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SIGNING_CONTEXTS, subjects, type Attestation, type ConsentEntry, type Heartbeat, type PolicyBundle } from '@mailwarden/contracts';
import { loadSigner, type ServiceName } from '@mailwarden/identity';
import { instantOf, sha256, signDocument } from '@mailwarden/kernel';
import { putEntry } from '@mailwarden/messaging';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ControlPlane, eventually } from './control-plane.js';
import { PROFILE } from './fleet-speaker.js';
import { RealAgent } from './real-agent.js';

const isRoot = process.geteuid?.() === 0;

const SERVERS = Array.from({ length: 8 }, (_, index) => `mx-${index + 1}`);
const FAR_MS = 3_600_000;
const SMALL_SPOOL_BYTES = 24_000;
const TMPFS_BYTES = 400_000;
const SUITE_MS = 60_000;

interface Said<T = unknown> { readonly id: string; readonly sequence: number; readonly type: string; readonly data: T }

let plane: ControlPlane;
let agent: RealAgent;
let server: string;
let fresh = 0;
const beats: Heartbeat[] = [];
const unhandled: unknown[] = [];
const noteUnhandled = (cause: unknown): void => void unhandled.push(cause);

const sign = async <T>(service: ServiceName, context: string, payload: T) => signDocument(await loadSigner(plane.nats.identity.services[service].signingKey), context, payload);
const putBundle = async (version: number, lifeMs = FAR_MS): Promise<void> => {
  const rule = { policy: 'cap', policyVersion: sha256('cap'), profile: PROFILE, store: 'reports', mode: 'enforce', watermarks: [], clock: 'modified', keep: { newest: 0, youngerThanSeconds: 0 }, bounds: { items: 1, bytes: 1, percent: 1, deadlineSeconds: 1 }, written: {} };
  const bundle = { schema: 'mailwarden/policy-bundle/v1', server, version, labels: {}, rules: [rule], holds: [], transmission: { failClosed: false }, scanIntervalSeconds: 1, issuedAt: instantOf(Date.now()), expiresAt: instantOf(Date.now() + lifeMs) } as unknown as PolicyBundle;
  await putEntry(plane.bus, 'bundle', server, await sign('rotation', SIGNING_CONTEXTS.bundle, bundle));
};
const putConsent = async (revision: number): Promise<void> => {
  const entry: ConsentEntry = { schema: 'mailwarden/consent-entry/v1', scope: { kind: 'organisation' }, revision, decisions: [], publishedAt: instantOf(Date.now()) };
  await putEntry(plane.bus, 'consent', 'organisation', await sign('consent', SIGNING_CONTEXTS.consent, entry));
};
const said = async <T = unknown>(): Promise<Said<T>[]> => [...(await plane.said<Said<T>>('OBSERVATIONS', subjects.observation(server))), ...(await plane.said<Said<T>>('EVIDENCE', subjects.attestation(server)))];
const attestations = (): Promise<Said<Attestation>[]> => plane.said<Said<Attestation>>('EVIDENCE', subjects.attestation(server));
const beatThat = (what: string, holds: (beat: Heartbeat) => boolean): Promise<Heartbeat> => eventually(what, async () => beats.findLast((beat) => beat.server === server && holds(beat)));
const spooled = async (): Promise<string[]> => (await readdir(join(agent.spoolDir, 'outbox'))).filter((name) => /^\d+\./.test(name)).sort();
const measured = (atLeast: number): Promise<true> => eventually(`${atLeast} measurements`, async () => ((await plane.said('OBSERVATIONS', subjects.observation(server))).length >= atLeast ? true : undefined));

async function newAgent(part: Parameters<typeof RealAgent.prepare>[2] = {}): Promise<void> {
  server = SERVERS[(fresh += 1) - 1] ?? '';
  await plane.enrol(server);
  agent = await RealAgent.prepare(server, plane.nats, part);
}
async function restart(): Promise<void> {
  await agent.end();
  beats.length = 0;
  await agent.start();
}

beforeAll(async () => {
  process.on('unhandledRejection', noteUnhandled);
  plane = await ControlPlane.start(SERVERS);
  plane.bus.subscribe('mw.heartbeat.*', { callback: (problem, message) => void (problem === null && beats.push(message.json<{ data: Heartbeat }>().data)) });
}, 120_000);
afterEach(async () => {
  await agent?.remove();
  if (unhandled.length > 0) throw new AggregateError(unhandled.splice(0), 'the agent would have ended');
});
afterAll(async () => {
  await plane?.stop();
  process.off('unhandledRejection', noteUnhandled);
});

describe('an agent without a broker', () => {
  it('measures into its spool, within its bound, over a restart; then everything that was kept arrives once and in order', { timeout: SUITE_MS }, async () => {
    await newAgent({ spoolBytesMax: SMALL_SPOOL_BYTES });
    await plane.nats.kill();
    await agent.start();
    const first = await eventually('a measurement and an attestation on disk', async () => {
      const names = await spooled();
      return names.some((name) => name.endsWith('measurement')) && names.some((name) => name.endsWith('evidence')) ? names : undefined;
    });
    const evidence = first.filter((name) => name.endsWith('evidence'));
    const thinned = await eventually('the oldest measurements made room', async () => {
      const names = await spooled();
      return first.every((name) => name.endsWith('evidence') || !names.includes(name)) ? names : undefined;
    }, SUITE_MS);
    await restart();
    await eventually('it measures on', async () => ((await spooled()).at(-1) !== thinned.at(-1) ? true : undefined));
    const waiting = await spooled();
    expect(waiting).toEqual(expect.arrayContaining(evidence));
    await plane.nats.start();
    await eventually('everything has left', async () => ((await spooled()).length === 0 ? true : undefined), SUITE_MS);
    const messages = await eventually('the bus is back for the suite too', said);
    expect(new Set(messages.map(({ id }) => id)).size).toBe(messages.length);
    const inStream = (await plane.said<Said>('OBSERVATIONS', subjects.observation(server))).map(({ sequence }) => sequence);
    expect(inStream).toEqual([...new Set(inStream)].sort((a, b) => a - b));
    const sequences = new Set(messages.map(({ sequence }) => sequence));
    for (const name of evidence) expect(sequences).toContain(Number(name.split('.')[0]));
    expect((await beatThat('a sign of life that tells of the loss', ({ spool }) => spool.lost > 0)).spool.lost).toBeGreaterThan(0);
    const highest = Math.max(...sequences);
    expect(sequences.size + (beats.at(-1)?.spool.lost ?? 0)).toBeGreaterThanOrEqual(highest);
  });
});

describe('the authority of an agent', () => {
  it('is gone when its bundle has expired: it observes', { timeout: SUITE_MS }, async () => {
    await newAgent();
    await putBundle(1, 4_000);
    const expiresMs = Date.now() + 4_000;
    await agent.start();
    await measured(1);
    await eventually('the bundle is kept', async () => ((await readdir(join(agent.spoolDir, 'last-known'))).includes('bundle.json') ? true : undefined));
    await restart();
    await beatThat('it enforces', ({ mode, bundleVersion }) => mode === 'enforce' && bundleVersion === 1);
    await eventually('the bundle has expired', async () => (Date.now() > expiresMs ? true : undefined));
    await restart();
    expect((await beatThat('a sign of life', ({ bundleVersion }) => bundleVersion === 1)).mode).toBe('observe');
  });

  it('never goes back to an older bundle or consent entry, also after a restart', { timeout: SUITE_MS }, async () => {
    await newAgent();
    await putBundle(7);
    await putConsent(5);
    await agent.start();
    await eventually('the entry is attested', async () => ((await attestations()).some(({ data }) => data.revisions['organisation'] === 5) ? true : undefined));
    await eventually('the bundle is kept', async () => ((await readdir(join(agent.spoolDir, 'last-known'))).includes('bundle.json') ? true : undefined));
    await putBundle(6);
    await putConsent(4);
    await restart();
    await eventually('it attests again', async () => ((await attestations()).length > 1 ? true : undefined));
    expect((await beatThat('a sign of life', () => true)).bundleVersion).toBe(7);
    await measured((await plane.said('OBSERVATIONS', subjects.observation(server))).length + 2);
    expect((await attestations()).at(-1)?.data.revisions['organisation']).toBe(5);
    await putConsent(6);
    await eventually('a newer one counts', async () => ((await attestations()).at(-1)?.data.revisions['organisation'] === 6 ? true : undefined));
  });
});

describe('a spool that was damaged', () => {
  it('is used on: what is readable leaves, what is not is counted, and no number is given twice', { timeout: SUITE_MS }, async () => {
    await newAgent();
    await agent.start();
    await measured(1);
    await plane.nats.kill();
    await eventually('three messages wait', async () => ((await spooled()).length >= 3 ? true : undefined));
    await agent.end();
    const outbox = join(agent.spoolDir, 'outbox');
    const before = await spooled();
    await truncate(join(outbox, before.at(-1) ?? ''), 100);
    await writeFile(join(outbox, before.at(-2) ?? ''), '{}');
    await writeFile(join(outbox, 'counters.json'), '\0\0\0\0');
    await writeFile(join(outbox, '0000000000000999.evidence.part'), 'half');
    await plane.nats.start();
    const alreadySaid = (await eventually('the bus is back', said)).length;
    await restart();
    await measured(alreadySaid + 1);
    await beatThat('a sign of life that tells of the loss', ({ spool }) => spool.lost >= 2);
    const sequences = (await said()).map(({ sequence }) => sequence);
    expect(new Set(sequences).size).toBe(sequences.length);
    expect(sequences).toContain(Number(before[0]?.split('.')[0]));
    expect(await readdir(outbox)).not.toContain('0000000000000999.evidence.part');
  });

  it.runIf(isRoot)(`on a full disk: the agent lives, sends its evidence, and measures again when there is room${isRoot ? '' : ' (skipped: only root may mount)'}`, { timeout: SUITE_MS }, async () => {
    const mount = join(plane.dir, 'small');
    await mkdir(mount);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${TMPFS_BYTES}`, 'tmpfs', mount]);
    expect(mounted.status, `this test mounts a small file system and needs the right to: ${mounted.stderr.toString()}`).toBe(0);
    try {
      await newAgent({ spoolDir: mount });
      await plane.nats.kill();
      await agent.start();
      await eventually('messages wait', async () => ((await spooled()).length >= 2 ? true : undefined));
      const filler = join(mount, 'filler');
      await writeFile(filler, Buffer.alloc(2 * TMPFS_BYTES)).catch((cause: NodeJS.ErrnoException) => expect(cause.code).toBe('ENOSPC'));
      const full = await spooled();
      await expect(writeFile(join(mount, 'more'), Buffer.alloc(8_192))).rejects.toThrow('ENOSPC');
      await plane.nats.start();
      await eventually('the bus is back', said);
      await eventually('what waited has left', async () => ((await spooled()).every((name) => !full.includes(name)) ? true : undefined), SUITE_MS);
      const sent = new Set((await said()).map(({ sequence }) => sequence));
      for (const name of full.filter((waiting) => waiting.endsWith('evidence'))) expect(sent).toContain(Number(name.split('.')[0]));
      await rm(filler);
      await measured((await plane.said('OBSERVATIONS', subjects.observation(server))).length + 2);
      const ids = (await said()).map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      await beatThat('it lives', () => true);
    } finally {
      await agent.end();
      spawnSync('umount', ['-l', mount]);
    }
  });
});

describe('a broker that comes back without its disk', () => {
  it('brings an order a second time, and it is not carried out a second time', { timeout: SUITE_MS }, async () => {
    await newAgent();
    await plane.writeFleet([server]);
    await writeFile(join(plane.dir, 'cap.yaml'), `schema: mailwarden/policy/v1\nkind: retention\nname: cap\nreason: A test\nmode: enforce\nlimits: { bytes: 40 KiB }\nstores: [ ${PROFILE}/reports ]\n`);
    const fill = async (from: number, count: number): Promise<void> => {
      for (let index = from; index < from + count; index += 1) {
        await writeFile(join(agent.store, `report-${index}`), Buffer.alloc(4_096));
        await utimes(join(agent.store, `report-${index}`), 1_600_000_000 + index, 1_600_000_000 + index);
      }
    };
    await fill(0, 15);
    for (const name of ['reporting', 'rotation'] as const) await plane.run(name);
    await agent.start();
    const orders = (): Promise<{ id: string; state: string }[]> => plane.sql('SELECT id, state FROM rotation.rotation_order WHERE server = $1', [server]);
    await eventually('a rotation is proved', async () => ((await orders()).some(({ state }) => state === 'proved') ? true : undefined), SUITE_MS);
    const kept = await readdir(agent.store);
    expect(kept).toHaveLength(8);
    // Not over the limit, but old enough to be deleted by whoever would carry the order out again.
    await fill(100, 2);
    await plane.nats.kill();
    await plane.nats.forget();
    await plane.nats.start();
    const receipts = await eventually('the order was taken again and answered', async () => {
      const answers = await plane.said<Said<{ payload: { order: string } }>>('EVIDENCE', subjects.receipt(server));
      return answers.length > 0 ? answers : undefined;
    }, SUITE_MS);
    await plane.settled('reporting-evidence', 'rotation-receipts', 'rotation-observations');
    const [order] = await orders();
    expect(await orders()).toEqual([{ id: order?.id, state: 'proved' }]);
    expect(receipts.map(({ data }) => data.payload.order)).toEqual([order?.id]);
    expect((await readdir(agent.store)).sort()).toEqual([...kept, 'report-100', 'report-101'].sort());
    expect(await plane.sql(`SELECT reference FROM reporting.ledger_entry WHERE kind = 'receipt'`)).toEqual([{ reference: order?.id }]);
    expect(await plane.said('EVENTS', `mw.event.rotation.completed.*.${server}`)).toHaveLength(1);
  });
});
