import { randomUUID } from 'node:crypto';
import { CONSUMERS, eventType, MESSAGE_TYPES, sealEnvelope, serviceSource, SIGNING_CONTEXTS, subjects, type ConsumerName, type DeadLetterView, type RotationOrder } from '@mailwarden/contracts';
import { loadSigner } from '@mailwarden/identity';
import { instantOf, sha256, signDocument } from '@mailwarden/kernel';
import { publishDurable } from '@mailwarden/messaging';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './control-plane.js';
import { Doors, PASSWORD, type Session } from './doors.js';
import { attestationOf, FleetSpeaker, observationOf, PROFILE, receiptOf, STORE } from './fleet-speaker.js';

const API = '/api/v1';
const AN_HOUR_MS = 3_600_000;
const SUITE_MS = 90_000;
/** What nobody may read of a message that was put aside. */
const PERSON = 'anna.person@example.org';
const ALL = Object.keys(CONSUMERS) as ConsumerName[];
const HANDLING = ALL.filter((name) => name !== 'reporting-dead-letters');

const orderOf = (server: string): RotationOrder =>
  ({
    schema: 'mailwarden/rotation-order/v1', id: randomUUID(), server, profile: PROFILE, store: STORE, policy: { name: 'limits', version: sha256('limits') }, watermarks: [{ kind: 'bytes', limit: 2, target: 1 }], clock: 'modified', keep: { newest: 0, youngerThanSeconds: 0 },
    bounds: { items: 10, bytes: 10_000, percent: 50, deadlineSeconds: 60 }, holds: [], issuedAt: instantOf(Date.now()), expiresAt: instantOf(Date.now() + AN_HOUR_MS),
  }) as unknown as RotationOrder;

describe('messages that were put aside', () => {
  let doors: Doors;
  let agent: FleetSpeaker;
  let rogue: FleetSpeaker;
  const sessions = new Map<string, Session>();

  const as = (role: string): Record<string, string> => ({ cookie: sessions.get(role)?.cookie ?? '', 'x-csrf-token': sessions.get(role)?.csrf ?? '' });
  const letters = async (query = ''): Promise<DeadLetterView[]> => (JSON.parse((await doors.knock(`${API}/dead-letters?limit=500${query}`, { headers: as('operator') })).text) as { items: DeadLetterView[] }).items;
  const post = (path: string, body: object, role = 'operator') => doors.json(`${API}${path}`, body, { headers: as(role) });
  const openFindings = async (server: string): Promise<string[]> => (await doors.plane.sql<{ message: string }>(`SELECT message FROM reporting.finding WHERE server = $1 AND code = 'message-rejected' AND state = 'open'`, [server])).map(({ message }) => message);
  /** Waits until a letter of this consumer and reason is in the list. */
  const letterOf = (consumer: ConsumerName, reason: RegExp, tries = 1): Promise<DeadLetterView> =>
    eventually(`a letter of ${consumer}`, async () => (await letters(`&consumer=${consumer}`)).find((letter) => reason.test(letter.reason) && letter.tries === tries && letter.state === 'waiting'), 40_000);

  /** Says something as a service does. */
  const asService = async (service: 'rotation' | 'reporting', subject: string, type: string, data: unknown): Promise<string> => {
    const signer = await loadSigner(doors.plane.nats.identity.services[service].signingKey);
    const envelope = sealEnvelope(signer, { id: randomUUID(), source: serviceSource(service), type, time: instantOf(Date.now()), subject, sequence: 0, data });
    await publishDurable(doors.plane.bus, { subject, id: envelope.id, bytes: Buffer.from(JSON.stringify(envelope)) });
    return `${envelope.source} ${envelope.id}`;
  };
  const poison = (subject: string): Promise<void> => publishDurable(doors.plane.bus, { subject, id: randomUUID(), bytes: Buffer.from(`not a message, but of ${PERSON}`) });
  const sayOrder = async (order: RotationOrder): Promise<string> => asService('rotation', subjects.order(order.server), MESSAGE_TYPES.order, signDocument(await loadSigner(doors.plane.nats.identity.services.rotation.signingKey), SIGNING_CONTEXTS.order, order));
  const knowOrder = (order: RotationOrder): Promise<unknown> =>
    doors.plane.sql(`INSERT INTO rotation.rotation_order (id, server, profile, store, policy, policy_version, purpose, state, issued_at, expires_at, document, foretold_items, foretold_bytes) VALUES ($1, $2, $3, $4, $5, $6, 'rotate', 'open', $7, $8, $9, 0, 0)`, [
      order.id, order.server, order.profile, order.store, order.policy.name, order.policy.version, order.issuedAt, order.expiresAt, JSON.stringify({ payload: order }),
    ]);

  beforeAll(async () => {
    doors = await Doors.start(['mx-1', 'mx-2']);
    await doors.plane.run('rotation');
    await doors.plane.run('consent');
    for (const role of ['viewer', 'operator', 'privacy-officer', 'administrator']) {
      await doors.addOperator(role, role);
      sessions.set(role, await doors.signIn({ name: role, password: PASSWORD }));
    }
    agent = await doors.plane.speaker('mx-1');
    rogue = await doors.plane.speaker('mx-2');
    for (const server of ['mx-1', 'mx-2']) await eventually(`${server} has a bundle`, () => doors.plane.entry('bundle', server));
  }, SUITE_MS);
  afterAll(() => doors?.close());

  it('never block a consumer: of good and bad ones in turn, every consumer handles the good and puts the bad aside', { timeout: SUITE_MS }, async () => {
    /** What each consumer must have handled in the end, by its own book. */
    const good: Record<ConsumerName, string[]> = Object.fromEntries(ALL.map((name) => [name, [] as string[]])) as Record<ConsumerName, string[]>;
    const idOf = (bytes: Uint8Array): string => {
      const { source, id } = JSON.parse(Buffer.from(bytes).toString()) as { source: string; id: string };
      return `${source} ${id}`;
    };
    const saidBy = (names: readonly ConsumerName[], key: string): void => names.forEach((name) => good[name].push(key));
    const round = async (): Promise<void> => {
      saidBy(['reporting-observations', 'rotation-observations', 'consent-observations'], idOf(await agent.observe()));
      saidBy(['reporting-evidence', 'consent-attestations'], idOf(await agent.attest({})));
      const order = orderOf('mx-1');
      await knowOrder(order);
      saidBy(['reporting-orders'], await sayOrder(order));
      await doors.plane.settled('reporting-orders');
      saidBy(['reporting-evidence', 'rotation-receipts'], idOf(await agent.account(receiptOf(order))));
      await doors.plane.settled('rotation-receipts');
      saidBy(['reporting-events'], await asService('reporting', subjects.event('agent.silent', 'high', 'mx-1'), eventType('agent.silent'), { event: 'agent.silent', server: 'mx-1', severity: 'high', at: instantOf(Date.now()), detail: { lastSeenAt: instantOf(0) } }));
    };
    await round();
    for (const subject of [subjects.observation('mx-1'), subjects.attestation('mx-1'), subjects.receipt('mx-1'), subjects.order('mx-1'), subjects.event('agent.silent', 'high', 'mx-1'), subjects.dead('reporting-evidence')]) await poison(subject);
    await round();
    await doors.plane.settled(...ALL);
    for (const name of HANDLING) {
      const schema = name.split('-')[0] ?? '';
      const rows = await doors.plane.sql<{ message_id: string }>(`SELECT message_id FROM ${schema}.handled_message WHERE consumer = $1 AND message_id = ANY($2::text[])`, [name, good[name]]);
      // The consent registry notes texts, and not the observations that told of them: what was acknowledged after the poison was handled.
      if (name !== 'consent-observations') expect({ name, good: good[name].length > 0, handled: rows.map((row) => row.message_id).sort() }).toEqual({ name, good: true, handled: [...good[name]].sort() });
      expect(await letterOf(name, /^not-json/)).toMatchObject({ consumer: name, server: 'mx-1', origin: null, type: null, tries: 1, state: 'waiting' });
    }
    // Poison among the dead letters themselves is put aside by nobody, and comes no more.
    expect((await letters()).filter(({ consumer }) => consumer === 'reporting-dead-letters')).toEqual([]);
    expect(await openFindings('mx-1')).toEqual([expect.stringMatching(/^\d+ messages in the name of this server were put aside, the newest by [a-z-]+: not-json/)]);
    expect(JSON.stringify(await letters())).not.toContain(PERSON);
    expect(JSON.stringify(await doors.plane.said('EVENTS', 'mw.event.message.rejected.>'))).not.toContain(PERSON);
  });

  it('close their finding when they are given up, which the ledger and the events tell of', async () => {
    const waiting = (await letters('&state=waiting')).map(({ id }) => id);
    expect((await post('/dead-letters/discard', { ids: waiting, reason: '' })).status).toBe(400);
    expect(JSON.parse((await post('/dead-letters/discard', { ids: waiting, reason: `forged by ${PERSON}` })).text)).toEqual({ discarded: waiting.length });
    expect(JSON.parse((await post('/dead-letters/discard', { ids: waiting, reason: 'again' })).text)).toEqual({ discarded: 0 });
    expect(await openFindings('mx-1')).toEqual([]);
    const [entry] = await doors.plane.sql<{ document: unknown }>(`SELECT document FROM reporting.ledger_entry WHERE kind = 'operator-action' AND document -> 'facts' ->> 'action' = 'dead-letters-discarded'`);
    expect(entry?.document).toMatchObject({ facts: { letters: waiting.length, operator: expect.stringMatching(/^[0-9a-f]{64}$/) } });
    const told = await eventually('the event', async () => (await doors.plane.said<{ data: object }>('EVENTS', 'mw.event.message.discarded.>'))[0]);
    expect(told.data).toMatchObject({ event: 'message.discarded', server: 'fleet', detail: { letters: waiting.length } });
    expect(JSON.stringify([entry, told])).not.toContain(PERSON);
  });

  it('are handled when they are given once more and the reason is gone; asked twice is done once', { timeout: SUITE_MS }, async () => {
    const order = orderOf('mx-1');
    await agent.account(receiptOf(order));
    const letter = await letterOf('rotation-receipts', /no order of this id was given/);
    expect(letter).toMatchObject({ server: 'mx-1', origin: 'mailwarden/agent/mx-1', type: MESSAGE_TYPES.receipt, subject: 'mw.receipt.mx-1', tries: 1 });
    expect(letter.bytes).toBeGreaterThan(300);
    await knowOrder(order);
    const asked = await Promise.all([1, 2, 3].map(() => post('/dead-letters/replay', { ids: [letter.id] })));
    expect(asked.map(({ text }) => (JSON.parse(text) as { letters: string[] }).letters.length).sort()).toEqual([0, 0, 1]);
    await eventually('it is handled', async () => ((await letters()).find(({ id }) => id === letter.id)?.state === 'handled' ? true : undefined));
    expect(await doors.plane.said('REPLAYS', subjects.replay('rotation-receipts'))).toHaveLength(1);
    expect((await doors.plane.sql<{ state: string }>(`SELECT state FROM rotation.rotation_order WHERE id = $1`, [order.id]))[0]?.state).toBe('completed');
    expect(JSON.parse((await post('/dead-letters/replay', { ids: [letter.id] })).text)).toEqual({ letters: [] });
    await eventually('no finding', async () => ((await openFindings('mx-1')).length === 0 ? true : undefined));
    const [entry] = await doors.plane.sql<{ document: unknown }>(`SELECT document FROM reporting.ledger_entry WHERE kind = 'operator-action' AND document -> 'facts' ->> 'action' = 'dead-letters-replayed' ORDER BY index DESC`);
    expect(entry?.document).toMatchObject({ facts: { letters: 1 } });
  });

  it('meet the same checks again: a forgery stays one, with its tries counted', { timeout: SUITE_MS }, async () => {
    await rogue.say(subjects.observation('mx-2'), MESSAGE_TYPES.observation, observationOf('mx-2', { bytes: 66 }), { signer: agent.agentKey });
    await rogue.say(subjects.attestation('mx-2'), MESSAGE_TYPES.attestation, attestationOf('mx-1', { organisation: 99 }));
    const forged = await letterOf('reporting-observations', /^bad-signature/);
    const stranger = await letterOf('reporting-evidence', /in the name of another server/);
    for (const tries of [2, 3]) {
      expect(JSON.parse((await post('/dead-letters/replay', { ids: [forged.id, stranger.id] }, 'administrator')).text)).toEqual({ letters: expect.arrayContaining([forged.id, stranger.id]) });
      expect(await letterOf('reporting-observations', /^bad-signature/, tries)).toMatchObject({ id: forged.id, firstAt: forged.firstAt });
      expect(await letterOf('reporting-evidence', /in the name of another server/, tries)).toMatchObject({ id: stranger.id });
    }
    expect(await doors.plane.sql(`SELECT 1 FROM reporting.observation WHERE server = 'mx-2'`)).toEqual([]);
    expect(await doors.plane.sql(`SELECT 1 FROM reporting.attestation WHERE server = 'mx-1' AND document ->> 'revisions' LIKE '%99%'`)).toEqual([]);
    expect(await openFindings('mx-2')).toHaveLength(1);
  });

  it('are all replayed by consumer, and only those', { timeout: SUITE_MS }, async () => {
    const before = (await letters('&state=waiting&consumer=rotation-observations')).map(({ id, tries }) => ({ id, tries }));
    expect(before.length).toBeGreaterThan(0);
    const others = (await letters('&state=waiting')).filter(({ consumer }) => consumer !== 'rotation-observations').map(({ id, tries }) => `${id} ${tries}`);
    const { letters: replayed } = JSON.parse((await post('/dead-letters/replay', { consumer: 'rotation-observations' })).text) as { letters: string[] };
    expect([...replayed].sort()).toEqual(before.map(({ id }) => id).sort());
    await eventually('they are back', async () => ((await letters('&state=waiting&consumer=rotation-observations')).every(({ id, tries }) => before.some((letter) => letter.id === id && letter.tries + 1 === tries)) ? true : undefined));
    expect((await letters('&state=waiting')).filter(({ consumer }) => consumer !== 'rotation-observations').map(({ id, tries }) => `${id} ${tries}`)).toEqual(others);
  });

  it('are for operators and administrators alone', async () => {
    const [letter] = await letters();
    for (const [role, status] of [['viewer', 403], ['privacy-officer', 403], ['operator', 200], ['administrator', 200]] as const) {
      expect((await doors.knock(`${API}/dead-letters`, { headers: as(role) })).status).toBe(status);
      expect((await doors.knock(`${API}/dead-letters/${letter?.id}`, { headers: as(role) })).status).toBe(status);
      expect((await post('/dead-letters/replay', { ids: [randomUUID()] }, role)).status).toBe(status);
      expect((await post('/dead-letters/discard', { ids: [randomUUID()], reason: 'asked for' }, role)).status).toBe(status);
    }
    expect((await doors.knock(`${API}/dead-letters/${randomUUID()}`, { headers: as('operator') })).status).toBe(404);
    expect((await doors.knock(`${API}/dead-letters?consumer=nobody`, { headers: as('operator') })).status).toBe(400);
  });

  it('say so when they are gone from the bus, and wait no more', { timeout: SUITE_MS }, async () => {
    const [letter] = await letters('&state=waiting');
    await doors.plane.sql(`UPDATE reporting.dead_letter SET place = 999999 WHERE id = $1`, [letter?.id]);
    await post('/dead-letters/replay', { ids: [letter?.id] });
    await eventually('it is gone', async () => ((await letters()).find(({ id }) => id === letter?.id)?.state === 'gone' ? true : undefined));
  });
});
