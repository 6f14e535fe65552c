import { randomUUID } from 'node:crypto';
import { agentSource, MESSAGE_TYPES, sealEnvelope, SIGNING_CONTEXTS, subjects, type ConsumerName, type DeadLetter, type RotationOrder } from '@mailwarden/contracts';
import { loadSigner } from '@mailwarden/identity';
import { instantOf, sha256, signDocument } from '@mailwarden/kernel';
import { publishDurable } from '@mailwarden/messaging';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ControlPlane, eventually } from './control-plane.js';
import { attestationOf, FleetSpeaker, observationOf, PROFILE, receiptOf, STORE } from './fleet-speaker.js';

const OBSERVED: readonly ConsumerName[] = ['reporting-observations', 'rotation-observations', 'consent-observations'];
const TOLD: readonly ConsumerName[] = ['reporting-evidence', 'rotation-receipts', 'consent-attestations'];
const AN_HOUR_MS = 3_600_000;
const ROUNDS_MS = 60_000;

const orderOf = (server: string): RotationOrder =>
  ({
    schema: 'mailwarden/rotation-order/v1', id: randomUUID(), server, profile: PROFILE, store: STORE, policy: { name: 'limits', version: sha256('limits') }, watermarks: [{ kind: 'bytes', limit: 2, target: 1 }], clock: 'modified', keep: { newest: 0, youngerThanSeconds: 0 },
    bounds: { items: 10, bytes: 10_000, percent: 50, deadlineSeconds: 60 }, holds: [], issuedAt: instantOf(Date.now()), expiresAt: instantOf(Date.now() + AN_HOUR_MS),
  }) as unknown as RotationOrder;

describe('messages that are not what they seem', () => {
  let plane: ControlPlane;
  let honest: FleetSpeaker;
  let rogue: FleetSpeaker;

  const reasons = async (): Promise<string[]> => (await plane.said<DeadLetter>('DEAD', 'mw.dead.*')).map(({ consumer, reason }) => `${consumer}: ${reason}`);
  /** What is put aside newly while `say` runs and its consumers come to rest. */
  const putAside = async (consumers: readonly ConsumerName[], say: () => Promise<unknown>): Promise<string[]> => {
    const before = (await reasons()).length;
    await say();
    await plane.settled(...consumers);
    return (await reasons()).slice(before);
  };
  const latest = async (server: string): Promise<{ bytes: number; sequence: number } | undefined> => {
    const [row] = await plane.sql<{ sequence: string; bytes: string }>(`SELECT sequence, document -> 'stores' -> 0 -> 'bytesAllocated' ->> 'value' AS bytes FROM reporting.observation WHERE server = $1`, [server]);
    return row === undefined ? undefined : { bytes: Number(row.bytes), sequence: Number(row.sequence) };
  };
  const order = async (server: string): Promise<RotationOrder> => {
    const given = orderOf(server);
    const signer = await loadSigner(plane.nats.identity.services.rotation.signingKey);
    const envelope = sealEnvelope(signer, { id: randomUUID(), source: 'mailwarden/rotation', type: MESSAGE_TYPES.order, time: given.issuedAt, subject: subjects.order(server), sequence: 0, data: signDocument(signer, SIGNING_CONTEXTS.order, given) });
    await publishDurable(plane.bus, { subject: subjects.order(server), id: envelope.id, bytes: Buffer.from(JSON.stringify(envelope)) });
    await plane.settled('reporting-orders');
    return given;
  };

  beforeAll(async () => {
    plane = await ControlPlane.start(['mx-1', 'mx-2']);
    await plane.writeFleet(['mx-1', 'mx-2']);
    await plane.run('reporting');
    await plane.run('rotation');
    await plane.run('consent');
    honest = await plane.speaker('mx-2');
    rogue = await plane.speaker('mx-1');
    for (const server of ['mx-1', 'mx-2']) await eventually(`${server} has a bundle`, () => plane.entry('bundle', server));
    await honest.observe({ bytes: 4_242 });
    await plane.settled(...OBSERVED);
  });
  afterAll(() => plane?.stop());

  it('puts aside what another key signed, with a finding', async () => {
    const said = await putAside(OBSERVED, () => rogue.say(subjects.observation('mx-1'), MESSAGE_TYPES.observation, observationOf('mx-1'), { signer: honest.agentKey }));
    expect(said).toEqual(OBSERVED.map((consumer) => `${consumer}: bad-signature: the signature is not of mailwarden/agent/mx-1`).toSorted((a, b) => said.indexOf(a) - said.indexOf(b)));
    await eventually('a finding', async () => ((await plane.sql(`SELECT 1 FROM reporting.finding WHERE server = 'mx-1' AND code = 'message-rejected' AND state = 'open'`)).length > 0 ? true : undefined));
  });

  it('puts aside an envelope of another subject, and an observation or attestation of another server', async () => {
    const genuine = await honest.observe({ bytes: 4_242 });
    const moved = await putAside(OBSERVED, () => rogue.repeat(subjects.observation('mx-1'), genuine));
    expect(moved.filter((reason) => reason.includes('wrong-subject'))).toHaveLength(3);
    const spoken = await putAside(OBSERVED, () => rogue.say(subjects.observation('mx-1'), MESSAGE_TYPES.observation, observationOf('mx-2', { bytes: 1 })));
    expect(spoken.filter((reason) => reason.includes('in the name of another server'))).toHaveLength(3);
    const attested = await putAside(TOLD, () => rogue.say(subjects.attestation('mx-1'), MESSAGE_TYPES.attestation, attestationOf('mx-2', { organisation: 99 })));
    expect(attested.filter((reason) => reason.includes('in the name of another server'))).toHaveLength(2);
    expect((await latest('mx-2'))?.bytes).toBe(4_242);
    expect(await plane.sql(`SELECT 1 FROM reporting.attestation WHERE server = 'mx-2'`)).toEqual([]);
  });

  it('rolls nothing back when an old observation is said again, under its own id or another', async () => {
    const old = await rogue.observe({ bytes: 100 }, Date.now() - 2_000);
    await rogue.observe({ bytes: 200 });
    await plane.settled(...OBSERVED);
    await rogue.repeat(subjects.observation('mx-1'), old);
    await rogue.say(subjects.observation('mx-1'), MESSAGE_TYPES.observation, observationOf('mx-1', { bytes: 100 }, Date.now() - AN_HOUR_MS), { sequence: 1 });
    await plane.settled(...OBSERVED);
    expect((await latest('mx-1'))?.bytes).toBe(200);
  });

  it('hears one id once, whatever is said under it later, and lets no origin use up the ids of another', async () => {
    const id = randomUUID();
    await rogue.say(subjects.observation('mx-1'), MESSAGE_TYPES.observation, observationOf('mx-1', { bytes: 300 }), { id });
    const second = sealEnvelope(rogue.agentKey, { id, source: agentSource('mx-1'), type: MESSAGE_TYPES.observation, time: instantOf(Date.now()), subject: subjects.observation('mx-1'), sequence: 1_000, data: observationOf('mx-1', { bytes: 301 }) });
    await rogue.repeat(subjects.observation('mx-1'), Buffer.from(JSON.stringify(second)));
    await plane.settled(...OBSERVED);
    expect((await latest('mx-1'))?.bytes).toBe(300);
    const theirs = sealEnvelope(honest.agentKey, { id, source: agentSource('mx-2'), type: MESSAGE_TYPES.observation, time: instantOf(Date.now()), subject: subjects.observation('mx-2'), sequence: 1_000, data: observationOf('mx-2', { bytes: 4_300 }) });
    await honest.repeat(subjects.observation('mx-2'), Buffer.from(JSON.stringify(theirs)));
    await plane.settled(...OBSERVED);
    expect((await latest('mx-2'))?.bytes).toBe(4_300);
  });

  it('believes a receipt from the executor of the order\'s own server alone', async () => {
    const given = await order('mx-2');
    const byAgentKey = await putAside(['reporting-evidence'], () => rogue.account(receiptOf(orderOf('mx-1')), rogue.agentKey));
    expect(byAgentKey).toContain('reporting-evidence: the receipt is not signed by the executor of its server');
    const ofOther = await putAside(['reporting-evidence'], () => rogue.account(receiptOf(given), rogue.executorKey));
    expect(ofOther).toContain('reporting-evidence: an agent spoke in the name of another server');
    const claimed = await putAside(['reporting-evidence'], () => rogue.account(receiptOf(given, { server: 'mx-1' } as Partial<ReturnType<typeof receiptOf>>)));
    expect(claimed).toEqual(['reporting-evidence: the receipt tells of another store than its order']);
    await honest.account(receiptOf(given));
    await plane.settled('reporting-evidence');
    expect(await plane.sql(`SELECT server, signature_holds FROM reporting.rotation_receipt WHERE order_id = $1`, [given.id])).toEqual([{ server: 'mx-2', signature_holds: true }]);
  }, ROUNDS_MS);

  it('lets the true receipt in also when a stranger\'s came before the order did', async () => {
    const late = orderOf('mx-2');
    await rogue.account(receiptOf(late, { server: 'mx-1' } as Partial<ReturnType<typeof receiptOf>>));
    await plane.settled('reporting-evidence');
    await plane.sql(`INSERT INTO reporting.rotation_order (id, server, store, ordered_at, document) VALUES ($1, 'mx-2', $2, now(), $3)`, [late.id, STORE, JSON.stringify(late)]);
    await honest.account(receiptOf(late));
    await plane.settled('reporting-evidence');
    expect(await plane.sql(`SELECT server FROM reporting.rotation_receipt WHERE order_id = $1`, [late.id])).toEqual([{ server: 'mx-2' }]);
  }, ROUNDS_MS);

  it('survives what is large, deep or named like the insides of the language, and goes on', async () => {
    const subject = subjects.observation('mx-1');
    const raw = (bytes: Uint8Array): Promise<void> => rogue.repeat(subject, bytes);
    const huge = { ...observationOf('mx-1'), stores: Array.from({ length: 200 }, (_, one) => ({ ...observationOf('mx-1').stores[0], id: `store-${one}`, unknown: [{ what: 'x'.repeat(100), why: 'y'.repeat(50) }] })) };
    const put = await putAside(OBSERVED, async () => {
      await rogue.say(subject, MESSAGE_TYPES.observation, huge);
      await raw(Buffer.from('['.repeat(60_000)));
      await raw(Buffer.from(`{"specversion":"1.0","data":${'{"a":'.repeat(8_000)}1${'}'.repeat(8_000)}}`));
      await raw(Buffer.from([0xff, 0xfe, 0x00]));
      await raw(Buffer.from(''));
      await raw(Buffer.from('null'));
      await raw(Buffer.from('{"__proto__":{"specversion":"1.0"}}'));
      await rogue.say(subject, MESSAGE_TYPES.attestation, attestationOf('mx-1', {}));
      await rogue.say(subject, MESSAGE_TYPES.observation, { ...observationOf('mx-1'), startedAt: '2026-02-31T00:00:00.000Z' });
      await rogue.say(subject, MESSAGE_TYPES.observation, { ...observationOf('mx-1'), settings: { a: { known: true, value: 'a\0b' } } });
    });
    const codes = ['too-large', 'not-json', 'not-an-envelope', 'unknown-type', 'bad-data'];
    for (const code of codes) expect(put.filter((reason) => reason.startsWith('reporting-observations: ') && reason.includes(code)).length, `${code} in ${put.join('\n')}`).toBeGreaterThan(0);
    expect(put.filter((reason) => reason.includes('failed 8 times'))).toEqual([]);
    await rogue.say(subjects.attestation('mx-1'), MESSAGE_TYPES.attestation, JSON.parse(`{"schema":"mailwarden/attestation/v1","server":"mx-1","revisions":{"__proto__":1,"constructor":2,"toString":3},"agreements":[],"ksn":{"desired":"off","actual":{"known":true,"value":"off"}},"compliant":true,"appliedAt":"${instantOf(Date.now())}"}`));
    await rogue.observe({ bytes: 555 }, Date.now(), { sequence: 2_000 });
    await plane.settled(...OBSERVED, ...TOLD);
    expect((await latest('mx-1'))?.bytes).toBe(555);
    expect(Object.keys({})).toEqual([]);
    expect(({} as Record<string, unknown>)['specversion']).toBeUndefined();
  }, 2 * ROUNDS_MS);

  it('repeats no byte of an unreadable message in a reason, since reasons travel to the log, the console and the SIEM', async () => {
    await rogue.repeat(subjects.observation('mx-1'), Buffer.from('anna.person@example.org wrote this'));
    await rogue.repeat(subjects.observation('mx-1'), Buffer.from('{"anna.person@example.org": }'));
    await rogue.say(subjects.attestation('mx-1'), MESSAGE_TYPES.attestation, { ...attestationOf('mx-1', {}), revisions: { 'anna.person@example.org': 'x' } });
    await plane.settled(...OBSERVED, ...TOLD);
    expect((await reasons()).join('\n')).not.toContain('anna');
    await eventually('the rejections are told', async () => ((await plane.sql(`SELECT 1 FROM reporting.event WHERE detail ->> 'reason' LIKE 'not-json%'`)).length > 0 ? true : undefined));
    expect(JSON.stringify(await plane.sql(`SELECT detail FROM reporting.event`))).not.toContain('anna');
    expect(JSON.stringify(await plane.sql(`SELECT message FROM reporting.finding`))).not.toContain('anna');
  });
});
