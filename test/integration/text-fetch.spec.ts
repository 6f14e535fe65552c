import { gzipSync } from 'node:zlib';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MESSAGE_TYPES, SIGNING_CONTEXTS, subjects, textAskKey, type Answer, type ConsentOverview, type FetchTextRequest, type SignedTextAsk, type TextAsk, type TextFetch } from '@mailwarden/contracts';
import { sealFor } from '@mailwarden/identity/sealed-box';
import { instantOf, sha256, signDocument, signerFromPem } from '@mailwarden/kernel';
import { generateSigningKey } from '@mailwarden/identity';
import { putEntry } from '@mailwarden/messaging';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ControlPlane, eventually } from './control-plane.js';
import type { FleetSpeaker } from './fleet-speaker.js';
import { RealAgent } from './real-agent.js';

const SERVER = 'mx-1';
/** Its agent is a voice of the suite, which says whatever it likes. */
const LIAR = 'mx-2';
const TEXT_FILE = 'opt/kaspersky/klms/share/doc/ksn_agreement.en';
/** More than one message holds, also when it is packed. */
const LONG = Array.from({ length: 9_000 }, (_, index) => sha256(String(index)).slice(0, 12)).join(' ');
const PATIENCE_MS = 60_000;
const OFTEN = 'schema: mailwarden/policy/v1\nkind: telemetry\nname: look-often\nreason: A test does not wait a minute\nscan-interval: 1 second\n';

let plane: ControlPlane;
let agent: RealAgent;
let liar: FleetSpeaker;

const overview = async (): Promise<ConsentOverview> => {
  const reply = await plane.questions.ask('consent.overview', {}, { timeoutMs: 10_000 });
  if (!reply.ok) throw new Error(reply.detail);
  return reply.value as ConsentOverview;
};
const asked = (part: Partial<FetchTextRequest>): Promise<Answer<TextFetch>> => plane.questions.ask('consent.fetch-text', { agreement: 'ksn-statement', textSha256: sha256('none'), label: '2026-11', language: 'en', effectiveAt: null, server: SERVER as never, by: 'ada', ...part }, { timeoutMs: 10_000 });
const versionOf = async (agreement: string, hash: string) => (await overview()).agreements.find(({ id }) => id === agreement)?.versions.find(({ textSha256 }) => textSha256 === hash);
const fetchOf = async (hash: string): Promise<TextFetch | undefined> => (await overview()).fetches.find(({ textSha256 }) => textSha256 === hash);
const asks = async (server: string): Promise<TextAsk['asks']> => ((await plane.entry('consent', textAskKey(server))) as SignedTextAsk | undefined)?.payload.asks ?? [];
const put = async (text: string | Buffer): Promise<string> => {
  const path = join(agent.dir, 'root', TEXT_FILE);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  const hash = sha256(Buffer.from(text));
  await eventually('the registry has heard of it', async () => versionOf('ksn-statement', hash), PATIENCE_MS);
  return hash;
};
/** Has the registry know a text, as if a server had told of it, and ask the liar for it. */
const askLiar = async (hash: string): Promise<TextAsk['asks'][number]> => {
  await plane.sql(`INSERT INTO consent.agreement_text (agreement, text_sha256, label, language, seen_at) VALUES ('eula', $1, 'seen', 'en', now())`, [hash]);
  const reply = await asked({ agreement: 'eula', textSha256: hash as never, server: LIAR as never });
  if (!reply.ok) throw new Error(reply.detail);
  return eventually('the ask is shown', async () => (await asks(LIAR)).find(({ textSha256 }) => textSha256 === hash));
};
const tell = (ask: string, answer: object, server = LIAR): Promise<unknown> => liar.say(subjects.observation(LIAR), MESSAGE_TYPES.textTold, { schema: 'mailwarden/text-told/v1', server, ask, ...answer });
const box = (ask: TextAsk['asks'][number], bytes: Uint8Array): string => sealFor(ask.key, `${SIGNING_CONTEXTS.textAsk} ${ask.id}`, bytes).toString('base64');
const ends = async (hash: string): Promise<string> => eventually('it came to an end', async () => (await fetchOf(hash))?.failed ?? undefined, PATIENCE_MS);

beforeAll(async () => {
  plane = await ControlPlane.start([SERVER, LIAR]);
  await plane.writeFleet([SERVER, LIAR]);
  for (const service of ['reporting', 'rotation', 'consent'] as const) await plane.run(service);
  liar = await plane.speaker(LIAR);
  agent = await RealAgent.prepare(SERVER, plane.nats);
  await plane.questions.ask('rotation.apply', { documents: [OFTEN], remove: [], by: 'Ada', reason: 'A test', dryRun: false }, { timeoutMs: 10_000 });
  await agent.start();
}, 180_000);
afterAll(async () => {
  await agent?.remove();
  await plane?.stop();
});

describe('the words of a text that lies on a server', { timeout: 120_000 }, () => {
  it('come when an officer asks, sealed, in as many messages as it takes, and are those of the file', async () => {
    const hash = await put(LONG);
    expect(await versionOf('ksn-statement', hash)).toMatchObject({ origin: 'seen' });
    expect(await asked({ textSha256: hash as never, label: 'the long one' })).toMatchObject({ ok: true, value: { server: SERVER, failed: null } });
    await eventually('they came', async () => ((await versionOf('ksn-statement', hash))?.origin === 'imported' ? true : undefined), PATIENCE_MS);
    expect(await plane.questions.ask('consent.text', { agreement: 'ksn-statement', textSha256: hash as never }, { timeoutMs: 10_000 })).toMatchObject({ ok: true, value: { text: LONG, label: 'the long one' } });
    const told = (await plane.said<{ type: string; data: { parts: number } }>('OBSERVATIONS', subjects.observation(SERVER))).filter(({ type }) => type === MESSAGE_TYPES.textTold);
    expect(told.length).toBeGreaterThan(1);
    expect(JSON.stringify(told)).not.toContain(Buffer.from(LONG.slice(0, 30)).toString('base64').slice(0, 20));
    expect(await fetchOf(hash)).toBeUndefined();
    await eventually('nothing is asked any more', async () => ((await asks(SERVER)).length === 0 ? true : undefined));
    // Nobody takes the parts for an observation, or for rubbish.
    expect(await plane.said('DEAD', 'mw.dead.>')).toEqual([]);
  });

  it('are told once, however often the ask is shown', async () => {
    const count = async (): Promise<number> => (await plane.said<{ type: string }>('OBSERVATIONS', subjects.observation(SERVER))).filter(({ type }) => type === MESSAGE_TYPES.textTold).length;
    const hash = await put('Statement\n1. Once.\n');
    const before = await count();
    await asked({ textSha256: hash as never });
    await eventually('they came', async () => ((await versionOf('ksn-statement', hash))?.origin === 'imported' ? true : undefined), PATIENCE_MS);
    expect(await asked({ textSha256: hash as never })).toMatchObject({ ok: false, code: 'known-text' });
    expect(await count()).toBe(before + 1);
  });

  it('do not come where the file is another one by now, or no text, and the officer is told why', async () => {
    const gone = await put('Statement\n1. Gone.\n');
    await put('Statement\n1. Another.\n');
    await asked({ textSha256: gone as never });
    expect(await ends(gone)).toContain('no file that a profile names for this agreement has this hash here any more');
    const latin = await put(Buffer.from([0x45, 0xe9, 0x0a]));
    await asked({ textSha256: latin as never });
    expect(await ends(latin)).toContain('no text in UTF-8');
    expect(await versionOf('ksn-statement', latin)).toMatchObject({ origin: 'seen' });
  });

  it('are never told to who is not the registry', async () => {
    const hash = await put('Statement\n1. For the registry.\n');
    const stranger = signerFromPem(generateSigningKey().pem);
    const before = (await plane.said('OBSERVATIONS', subjects.observation(SERVER))).length;
    await putEntry(plane.bus, 'consent', textAskKey(SERVER), signDocument<TextAsk>(stranger, SIGNING_CONTEXTS.textAsk, { schema: 'mailwarden/text-ask/v1', server: SERVER as never, asks: [{ id: '4e0d3c6a-58f2-4d3e-8b7a-91c2d3e4f506', agreement: 'ksn-statement', textSha256: hash as never, key: 'A'.repeat(43) }], askedAt: instantOf(Date.now()) }));
    await eventually('the agent has gone on', async () => ((await plane.said('OBSERVATIONS', subjects.observation(SERVER))).length > before + 2 ? true : undefined), PATIENCE_MS);
    expect((await plane.said<{ type: string; data: { ask?: string } }>('OBSERVATIONS', subjects.observation(SERVER))).some(({ data }) => data.ask === '4e0d3c6a-58f2-4d3e-8b7a-91c2d3e4f506')).toBe(false);
  });
});

describe('an ask that cannot be', () => {
  it.each<[string, Partial<FetchTextRequest>, string]>([
    ['of an agreement that nobody knows', { agreement: 'ksn-statment' }, 'unknown-agreement'],
    ['of a text that nobody saw', {}, 'unknown-text'],
  ])('%s is refused in words', async (_what, part, code) => expect(await asked(part)).toMatchObject({ ok: false, code }));

  it('of a server that the fleet does not have is refused', async () => {
    const hash = sha256('of no server');
    await plane.sql(`INSERT INTO consent.agreement_text (agreement, text_sha256, label, language, seen_at) VALUES ('eula', $1, 'seen', 'en', now())`, [hash]);
    expect(await asked({ agreement: 'eula', textSha256: hash, server: 'mx-9' as never })).toMatchObject({ ok: false, code: 'unknown-server' });
  });
});

describe('a server that lies', { timeout: 120_000 }, () => {
  it.each<[string, (ask: TextAsk['asks'][number]) => object, RegExp]>([
    ['with another text', (ask) => ({ part: 0, parts: 1, sealed: box(ask, gzipSync('another text')) }), /another hash/],
    ['with what was not sealed for this', () => ({ part: 0, parts: 1, sealed: Buffer.alloc(500, 7).toString('base64') }), /not sealed for this/],
    ['with what is not packed', (ask) => ({ part: 0, parts: 1, sealed: box(ask, Buffer.from('plain')) }), /cannot be unpacked/],
    ['with what unpacks without end', (ask) => ({ part: 0, parts: 1, sealed: box(ask, gzipSync(Buffer.alloc(20_000_000))) }), /cannot be unpacked, or has more/],
    ['with a reason', () => ({ reason: 'there is none' }), /there is none/],
  ])('%s gives nobody a text', async (what, answer, words) => {
    const hash = sha256(`wanted ${what}`);
    const ask = await askLiar(hash);
    await tell(ask.id, answer(ask));
    expect(await ends(hash)).toMatch(words);
    expect(await versionOf('eula', hash)).toMatchObject({ origin: 'seen' });
  });

  it('about what was asked of another server changes nothing', async () => {
    await agent.end();
    const hash = sha256('asked of mx-1');
    await plane.sql(`INSERT INTO consent.agreement_text (agreement, text_sha256, label, language, seen_at) VALUES ('eula', $1, 'seen', 'en', now())`, [hash]);
    await asked({ agreement: 'eula', textSha256: hash });
    const ask = await eventually('the ask is shown', async () => (await asks(SERVER)).find(({ textSha256 }) => textSha256 === hash));
    await tell(ask.id, { reason: 'from mx-2' });
    await tell(ask.id, { part: 0, parts: 1, sealed: box(ask, gzipSync('asked of mx-1')) });
    await plane.settled('consent-observations');
    expect(await fetchOf(hash)).toMatchObject({ failed: null });
    expect(await versionOf('eula', hash)).toMatchObject({ origin: 'seen' });
  });
});
