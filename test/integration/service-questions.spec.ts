import { randomBytes, randomUUID } from 'node:crypto';
import { loadTrust } from '@mailwarden/config';
import { MESSAGE_TYPES, PAYLOAD_BYTES_MAX, QUESTION_LIFE_MS, sealEnvelope, serviceSource, subjects, type Answer, type Envelope, type ServiceQuery } from '@mailwarden/contracts';
import { loadSigner } from '@mailwarden/identity';
import { instantOf, sha256, type Signer } from '@mailwarden/kernel';
import { connectBus, NobodyAnswers, ServiceAnswers, ServiceQuestions } from '@mailwarden/messaging';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ControlPlane } from './control-plane.js';

const ANSWER_MS_MAX = 5_000;
const APPLY = subjects.api('rotation', 'apply');
const POLICY = 'schema: mailwarden/policy/v1\nkind: hold\nname: forged\nreason: a test\nservers: { name: mx-1 }\nstores: [ kaspersky-klms-8/backup ]\n';
const REQUEST = { documents: [POLICY], remove: [], by: 'anna', reason: 'a test', dryRun: false };

let plane: ControlPlane;
/** Somebody who holds the broker: may publish and listen wherever the services do. */
let broker: NatsConnection;
const signers = new Map<string, Signer>();

beforeAll(async () => {
  plane = await ControlPlane.start(['mx-1']);
  await plane.run('rotation');
  await plane.run('consent');
  const { services, servers, certificates } = plane.nats.identity;
  broker = await connectBus({ url: plane.nats.url, credsFile: services.reporting.creds, caFile: certificates.ca, name: 'broker' });
  for (const [name, { signingKey }] of [...Object.entries(services), ['mx-1', servers.get('mx-1') ?? services.reporting] as const]) signers.set(name, await loadSigner(signingKey));
}, 120_000);
afterAll(async () => {
  await broker?.close();
  await plane?.stop();
}, 60_000);

type Part = Partial<Parameters<typeof sealEnvelope>[1]>;
const signerOf = (name: string): Signer => signers.get(name) ?? (() => { throw new Error(`${name} has no key here`); })();
const question = (part: Part = {}, by = 'reporting'): Envelope => sealEnvelope(signerOf(by), { id: randomUUID(), source: serviceSource('reporting'), type: MESSAGE_TYPES.question, time: instantOf(Date.now()), subject: APPLY, sequence: 0, data: REQUEST, ...part });

async function put(bytes: string, subject = APPLY): Promise<Answer<unknown>> {
  const { data } = await broker.request(subject, bytes, { timeout: ANSWER_MS_MAX });
  return (JSON.parse(new TextDecoder().decode(data)) as Envelope<{ answer: Answer<unknown> }>).data.answer;
}
const stands = async (): Promise<number> => (await plane.sql(`SELECT 1 FROM rotation.applied_policy WHERE name = 'forged'`)).length;
const refused = (code: string) => ({ ok: false, code, detail: expect.any(String) });

describe('a question that the reporting service did not ask now', () => {
  it.each<[string, string, () => string]>([
    ['a bare request, as anybody writes one', 'not-an-envelope', () => JSON.stringify(REQUEST)],
    ['signed by an agent', 'bad-signature', () => JSON.stringify(question({}, 'mx-1'))],
    ["signed by an agent, in the agent's own name", 'unknown-origin', () => JSON.stringify(question({ source: 'mailwarden/agent/mx-1' }, 'mx-1'))],
    ['signed by another service', 'bad-signature', () => JSON.stringify(question({}, 'consent'))],
    ['changed after it was signed', 'bad-signature', () => JSON.stringify({ ...question(), data: { ...REQUEST, by: 'bertha' } })],
    ['with another id after it was signed', 'bad-signature', () => JSON.stringify({ ...question(), id: randomUUID() })],
    ['asked for another query', 'wrong-subject', () => JSON.stringify(question({ subject: subjects.api('rotation', 'decide') }))],
    ['an event of the reporting service', 'unknown-type', () => JSON.stringify(question({ type: MESSAGE_TYPES.evidence }))],
    ['asked long ago', 'not-of-now', () => JSON.stringify(question({ time: instantOf(Date.now() - QUESTION_LIFE_MS - 1_000) }))],
    ['asked in the future', 'not-of-now', () => JSON.stringify(question({ time: instantOf(Date.now() + QUESTION_LIFE_MS + 5_000) }))],
    ['with members that are not of its form', 'bad-data', () => JSON.stringify(question({ data: { ...REQUEST, documents: 'no list' } }))],
    ['no JSON', 'not-json', () => '{'],
  ])('%s: %s, and nothing changes', async (_what, code, made) => {
    expect(await put(made())).toEqual(refused(code));
    expect(await stands()).toBe(0);
  });

  it('is refused the second time, by whichever instance it is met, and after a restart', async () => {
    const asked = JSON.stringify(question());
    expect(await put(asked)).toMatchObject({ ok: true });
    expect(await stands()).toBe(1);
    const withdrawal = JSON.stringify(question({ data: { ...REQUEST, documents: [], remove: ['forged'] } }));
    expect(await put(withdrawal)).toMatchObject({ ok: true });
    expect(await stands()).toBe(2);
    expect(await put(asked)).toEqual(refused('asked-before'));
    await plane.end('rotation');
    await plane.run('rotation');
    expect(await put(asked)).toEqual(refused('asked-before'));
    expect(await stands()).toBe(2);
  });

  it('decides nothing about consent', async () => {
    const subject = subjects.api('consent', 'decide');
    const data = { agreement: 'ksn-statement', textSha256: null, action: 'grant', scope: { kind: 'organisation' }, decidedBy: 'op', onBehalfOf: 'Example organisation', means: 'console', reason: 'test', validUntil: null, region: null };
    expect(await put(JSON.stringify(data), subject)).toEqual(refused('not-an-envelope'));
    const asked = JSON.stringify(question({ subject, data }));
    expect(await put(asked, subject)).toMatchObject({ ok: true });
    expect(await put(asked, subject)).toEqual(refused('asked-before'));
    expect(await plane.sql('SELECT 1 FROM consent.decision')).toHaveLength(1);
  });
});

describe('an answer that the service did not give', () => {
  /** Answers in the place of a service that is away, as who holds the broker can. */
  async function answeredBy(made: (asked: Envelope) => unknown): Promise<Answer<unknown>> {
    const away = broker.subscribe(subjects.api('rotation', 'plan'), { callback: (_problem, message) => void message.respond(JSON.stringify(made(message.json<Envelope>()))) });
    await broker.flush();
    try {
      return await plane.questions.ask('rotation.plan', { documents: null, policy: null, server: null, rows: 10 }, { timeoutMs: ANSWER_MS_MAX });
    } finally {
      away.unsubscribe();
    }
  }
  const paper = (by: string, part: (asked: Envelope) => Part) => (asked: Envelope) => sealEnvelope(signerOf(by), { id: randomUUID(), source: serviceSource('rotation'), type: MESSAGE_TYPES.answer, time: instantOf(Date.now()), subject: asked.subject, sequence: 0, data: { question: asked.id, answer: { ok: false, code: 'no', detail: 'no' } }, ...part(asked) });

  beforeAll(() => plane.end('rotation'), 60_000);

  it('is told apart: bare, by another service, to another question, of another form', async () => {
    expect(await answeredBy(() => ({ ok: true, value: {} }))).toMatchObject({ ok: false, code: 'bad-reply', detail: expect.stringContaining('not-an-envelope') });
    expect(await answeredBy(paper('consent', () => ({})))).toMatchObject({ code: 'bad-reply', detail: expect.stringContaining('bad-signature') });
    expect(await answeredBy(paper('consent', () => ({ source: serviceSource('consent') })))).toMatchObject({ code: 'bad-reply', detail: expect.stringContaining('unknown-origin') });
    expect(await answeredBy(paper('rotation', () => ({ data: { question: randomUUID(), answer: { ok: false, code: 'no', detail: 'no' } } })))).toMatchObject({ code: 'bad-reply', detail: expect.stringContaining('another question') });
    expect(await answeredBy(paper('rotation', ({ id }) => ({ data: { question: id, answer: { ok: true, value: 7 } } })))).toMatchObject({ code: 'bad-reply', detail: expect.stringContaining('bad-data') });
    expect(await answeredBy(paper('rotation', () => ({})))).toEqual({ ok: false, code: 'no', detail: 'no' });
  });

  it('is told from a question that is too large to be asked', async () => {
    expect(await plane.questions.ask('rotation.apply', { ...REQUEST, documents: [1, 2, 3].map(() => randomBytes(99_000).toString('hex')) }, { timeoutMs: ANSWER_MS_MAX })).toEqual(refused('question-too-large'));
  });

  it('is told from nobody being there', async () => {
    await expect(plane.questions.ask('rotation.waiting', {}, { timeoutMs: ANSWER_MS_MAX })).rejects.toBeInstanceOf(NobodyAnswers);
  });

  it('that is long comes whole: what is alike in it takes no room on the way', async () => {
    const { trust } = plane.nats.identity;
    const versions = Array.from({ length: 40 }, (_, n) => ({ version: sha256(String(n)), text: POLICY.repeat(500), at: instantOf(n), by: 'anna', reason: 'a test', withdrawn: false }));
    const answers = new ServiceAnswers('rotation', { bus: broker, signer: signerOf('rotation'), trust: await loadTrust(trust), takeOnce: () => Promise.resolve(true), onFailure: () => undefined, onRefused: () => undefined });
    const serving = answers.serve('rotation.history', () => Promise.resolve({ ok: true, value: { versions } }));
    await answers.ready();
    expect(Buffer.byteLength(JSON.stringify(versions))).toBeGreaterThan(10 * PAYLOAD_BYTES_MAX);
    expect(await plane.questions.ask('rotation.history', { policy: 'cap' as never }, { timeoutMs: ANSWER_MS_MAX })).toEqual({ ok: true, value: { versions } });
    serving.unsubscribe();
  });

  it('that is larger than a message may be is refused in words, and a handler that fails is told of', async () => {
    const failures: unknown[] = [];
    const { services, trust } = plane.nats.identity;
    const answers = new ServiceAnswers('rotation', { bus: broker, signer: signerOf('rotation'), trust: await loadTrust(trust), takeOnce: () => Promise.resolve(true), onFailure: (cause) => failures.push(cause), onRefused: () => undefined });
    const subscriptions = [
      answers.serve('rotation.waiting', () => Promise.reject(new Error('the database is away'))),
      answers.serve('rotation.history', () => Promise.resolve({ ok: true, value: { text: randomBytes(PAYLOAD_BYTES_MAX).toString('hex') } as never })),
    ];
    await broker.flush();
    const asking = new ServiceQuestions({ bus: plane.bus, signer: await loadSigner(services.reporting.signingKey), trust: await loadTrust(trust) });
    const options = { timeoutMs: ANSWER_MS_MAX };
    expect(await asking.ask('rotation.waiting' satisfies ServiceQuery, {}, options)).toEqual(refused('failed'));
    expect(failures.map(String)).toEqual(['Error: the database is away']);
    expect(await asking.ask('rotation.history', { policy: 'cap' as never }, options)).toEqual(refused('too-large'));
    for (const subscription of subscriptions) subscription.unsubscribe();
  });
});
