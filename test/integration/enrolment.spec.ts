import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROUTES, SIGNING_CONTEXTS, type Membership, type TokenTerms } from '@mailwarden/contracts';
import { credentialText, generateSigningKey, makeSealingKey, makeUserKey, signerOfUserKey, tokenFromText } from '@mailwarden/identity/enrolment';
import { instantOf, signerFromPem, type Signer } from '@mailwarden/kernel';
import { askToEnrol } from '@mailwarden/messaging/enrolment';
import { createLogger } from '@mailwarden/observability';
import { NestFactory } from '@nestjs/core';
import { connect, credsAuthenticator } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadAgentSettings } from '../../apps/collector-agent/src/agent-settings.js';
import { AgentModule } from '../../apps/collector-agent/src/agent.module.js';
import { enrol } from '../../apps/collector-agent/src/enrol/enrol.js';
import { CredentialRenewal } from '../../apps/collector-agent/src/renew-credential/credential-renewal.js';
import { lifeOf } from '../../apps/collector-agent/src/renew-credential/credential-life.js';
import { AccountKeeper } from '../../apps/cli/src/runtime/account-keeper.js';
import type { RunningReporting } from '../../apps/reporting-service/src/boot.js';
import { Removals } from '../../apps/reporting-service/src/enrol-fleet/removals.js';
import { loadSigner } from '@mailwarden/identity';
import { loadTrust } from '@mailwarden/config';
import { connectAgentBus } from '@mailwarden/messaging';
import { breakIn, EVERY_PUBLISH, EVERY_SUBSCRIPTION, publishable, subscribable } from './bus-attempts.js';
import { ControlPlane, eventually } from './control-plane.js';
import { PROFILE } from './fleet-speaker.js';

const DAY_MS = 86_400_000;
const TERMS: TokenTerms = { uses: 1, lifeSeconds: 3_600, labels: { site: 'berlin' }, profiles: [PROFILE as TokenTerms['profiles'][number]], addresses: [], approval: false, replaces: null };
const name = (server: string): TokenTerms['replaces'] => server as TokenTerms['replaces'];
const NAMES_OF_NONE = ['*', '>', 'a.b', 'mx-1.>', 'x'.repeat(300), 'm\u0445-1', 'MX-1', '-mx', 'mx_1', '../mx', 'mx 1', 'mx\n1', '$SYS', '{{name()}}'];

/** A request as a program of somebody else's makes it, rightly signed. */
function requestFor(token: string, seed: string, server: string, part: object = {}): { payload: Record<string, unknown>; signatures: Record<string, string> } {
  const [agent, executor, bus] = [signerFromPem(generateSigningKey().pem), signerFromPem(generateSigningKey().pem), makeUserKey()];
  const payload = { schema: 'mailwarden/enrolment-request/v1', token, server, profiles: [], agentKey: agent.publicKey, executorKey: executor.publicKey, busKey: bus.busKey, sealingKey: makeSealingKey().sealing, at: instantOf(Date.now()), ...part };
  const sign = (by: Signer): string => by.sign(SIGNING_CONTEXTS.enrolmentRequest, payload);
  return { payload, signatures: { token: sign(signerOfUserKey(seed)), agent: sign(agent), executor: sign(executor), bus: sign(signerOfUserKey(bus.seed)) } };
}
const quiet = createLogger({ service: 'suite', level: 'silent' });

describe('servers that enrol by a token', () => {
  let plane: ControlPlane;
  let reporting: RunningReporting;
  let keeper: AccountKeeper;
  let apiToken = '';
  const folders: string[] = [];
  const ends: (() => Promise<unknown>)[] = [];

  const folder = (): string => {
    const made = mkdtempSync(join(tmpdir(), 'mailwarden-enrol-'));
    folders.push(made);
    mkdirSync(join(made, 'root/var/opt/kaspersky/klms/reports'), { recursive: true });
    return made;
  };
  const api = async (name: keyof typeof ROUTES, path: string, body?: unknown): Promise<{ status: number; body: Record<string, unknown> }> => {
    const response = await fetch(`${reporting.url}/api/v1${path}`, { method: ROUTES[name].method, headers: { authorization: `Bearer ${apiToken}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const token = async (part: Partial<TokenTerms> = {}): Promise<string> => {
    const { status, body } = await api('makeEnrolmentToken', '/enrolment/tokens', { ...TERMS, ...part });
    expect(status, JSON.stringify(body)).toBe(200);
    return body['token'] as string;
  };
  const enrolAs = (name: string, text: string, dir = folder(), more: { waitSeconds?: number; url?: string } = {}): Promise<{ server: string; settings: string; dir: string }> =>
    enrol({ url: more.url ?? null, token: text, name, root: join(dir, 'root'), profiles: [], dir: join(dir, 'etc'), state: join(dir, 'state'), waitSeconds: more.waitSeconds ?? 0, say: () => undefined }).then((done) => ({ ...done, dir }));
  const runAgent = async (settingsFile: string): Promise<() => Promise<void>> => {
    const settings = { ...(await loadAgentSettings(settingsFile)), scanIntervalSeconds: 1 };
    const app = await NestFactory.createApplicationContext(await AgentModule.compose(settings, quiet), { logger: false });
    let ended = false;
    const end = async (): Promise<void> => {
      if (!ended) await app.close();
      ended = true;
    };
    ends.push(end);
    return end;
  };
  const row = async (server: string): Promise<{ status: string; agent_state: string; bus_keys: string[]; shut_out_keys: string[] }> => {
    const [found] = await plane.sql<{ status: string; agent_state: string; bus_keys: string[]; shut_out_keys: string[] }>(`SELECT status, agent_state, bus_keys, shut_out_keys FROM reporting.server WHERE name = $1`, [server]);
    return found ?? { status: 'none', agent_state: 'none', bus_keys: [], shut_out_keys: [] };
  };
  const remove = (server: string, cause = 'revoked'): Promise<{ status: number }> => api('removeServer', `/servers/${server}/removal`, { cause, reason: 'suite' });
  const entered = async (settingsFile: string): Promise<boolean> => {
    const { creds, ca, server } = await loadAgentSettings(settingsFile);
    return breakIn({ url: plane.nats.url, caFile: ca, credsFile: creds, inboxPrefix: `_INBOX.${server}` }).then(
      async (bus) => {
        await bus.close();
        return true;
      },
      () => false,
    );
  };

  beforeAll(async () => {
    plane = await ControlPlane.start(['mx-file']);
    const { identity } = plane.nats;
    await plane.writeFleet(['mx-file']);
    apiToken = 'suite-token-of-the-local-command-line';
    await writeFile(join(plane.dir, 'token'), apiToken, { mode: 0o600 });
    reporting = (await plane.run('reporting')) as unknown as RunningReporting;
    keeper = await AccountKeeper.start(identity, plane.nats.url, () => undefined);
  });
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });
  afterAll(async () => {
    await keeper?.stop();
    await plane?.stop();
    for (const made of folders) rmSync(made, { recursive: true, force: true });
  });

  it('are in the fleet, with keys that never left them, are heard, and are out again at once when they are revoked', async () => {
    const { settings, dir } = await enrolAs('mx-1', await token());
    const membership = (await plane.entry('fleet', 'mx-1')) as { payload: Membership };
    expect(membership.payload).toMatchObject({ server: 'mx-1', labels: { site: 'berlin' }, status: 'active' });
    await runAgent(settings);
    await eventually('its agent is heard', async () => ((await row('mx-1')).agent_state === 'live' ? true : undefined));
    await plane.settled('reporting-observations');
    const seeds = await readFile(join(dir, 'state/agent/bus.seed'), 'utf8');
    const dump = JSON.stringify(await plane.sql(`SELECT * FROM reporting.enrolment`)) + JSON.stringify(await plane.sql(`SELECT * FROM reporting.enrolment_token`)) + JSON.stringify(await plane.sql(`SELECT * FROM reporting.ledger_entry`));
    expect(dump).toContain(membership.payload.agentKey);
    expect(dump).not.toContain(seeds.split('\n')[0]);

    const thief = await breakIn({ url: plane.nats.url, caFile: plane.nats.identity.certificates.ca, credsFile: join(dir, 'state/agent/bus.creds'), inboxPrefix: '_INBOX.mx-1' });
    const before = Date.now();
    const cut = thief.closed();
    expect((await remove('mx-1')).status).toBe(200);
    await cut;
    expect(Date.now() - before).toBeLessThan(10_000);
    expect(await entered(settings)).toBe(false);
    expect(await row('mx-1')).toMatchObject({ status: 'revoked', bus_keys: [] });
    expect(((await plane.entry('fleet', 'mx-1')) as { payload: Membership }).payload.status).toBe('revoked');
    // What was on its way when it was taken out opens nothing again.
    await plane.settled('reporting-observations', 'reporting-evidence');
    expect(await plane.sql(`SELECT code FROM reporting.finding WHERE server = 'mx-1' AND state = 'open'`)).toEqual([]);
    // Its evidence stays.
    expect(await plane.sql(`SELECT 1 FROM reporting.ledger_entry WHERE kind = 'membership' AND reference = 'mx-1'`)).toHaveLength(2);
    expect(await plane.said('EVENTS', 'mw.event.server.>')).toEqual(expect.arrayContaining([expect.objectContaining({ type: 'mailwarden.server.enrolled.v1' }), expect.objectContaining({ type: 'mailwarden.server.removed.v1' })]));
  });

  it('void what was ordered when they are taken out', async () => {
    const { settings } = await enrolAs('mx-2', await token());
    await plane.bus.publish('mw.order.mx-2', 'an order that nobody has taken');
    await plane.bus.flush();
    await remove('mx-2', 'retired');
    expect((await plane.streamInfo('ORDERS')).state.messages).toBe(0);
    expect(await entered(settings)).toBe(false);
  });

  it('stay out when the fleet file is read again, and come back by other keys alone', async () => {
    await remove('mx-file');
    await plane.end('reporting');
    const { identity } = plane.nats;
    reporting = (await plane.run('reporting')) as unknown as RunningReporting;
    expect((await row('mx-file')).status).toBe('revoked');
    await eventually('the key that the runtime made is shut out', async () => ((await breakIn({ url: plane.nats.url, caFile: identity.certificates.ca, credsFile: identity.servers.get('mx-file')?.creds ?? '', inboxPrefix: '_INBOX.mx-file' }).then((bus) => bus.close().then(() => undefined), () => true))));
    await expect(enrolAs('mx-file', await token())).rejects.toThrow('there is or was a server mx-file');
    await plane.sql(`INSERT INTO reporting.sequence_line (source, line, epoch, head, began_at) VALUES ('mailwarden/agent/mx-file', 'agent', 0, 40, 'epoch') ON CONFLICT (source, line) DO UPDATE SET head = 40`);
    await enrolAs('mx-file', await token({ replaces: name('mx-file') }));
    expect((await row('mx-file')).status).toBe('active');
    // It counts from one again, and nothing is amiss.
    expect(await plane.sql(`SELECT epoch, head::int FROM reporting.sequence_line WHERE source = 'mailwarden/agent/mx-file'`)).toEqual([{ epoch: 1, head: 0 }]);
  });

  describe('a token', () => {
    it('counts once, and again for the same keys: an answer may be lost', async () => {
      const text = await token();
      const { dir } = await enrolAs('mx-once', text);
      await expect(enrolAs('mx-twice', text)).rejects.toThrow('every use of this token is spent');
      rmSync(join(dir, 'etc/agent.json'));
      expect((await enrolAs('mx-once', text, dir)).server).toBe('mx-once');
    });

    it('does not count after it was withdrawn, from elsewhere, or when nobody made it', async () => {
      const text = await token();
      await api('withdrawEnrolmentToken', `/enrolment/tokens/${tokenFromText(text).id}`);
      await expect(enrolAs('mx-9', text)).rejects.toThrow('was taken back');
      await expect(enrolAs('mx-9', await token({ addresses: ['192.0.2.0/24', '2001:db8::/32'] }))).rejects.toThrow('does not count from the address 127.0.0.1');
      expect((await enrolAs('mx-here', await token({ addresses: ['127.0.0.0/8'] }))).server).toBe('mx-here');
      const own = makeUserKey();
      await expect(askToEnrol({ ...tokenFromText(text), token: tokenFromText(text).id, credentials: credentialText(tokenFromText(text).jwt, own.seed) }, Buffer.from('{}'))).rejects.toThrow(/authorization/i);
    });

    it('is damaged, or another thing', async () => {
      const text = await token();
      await expect(enrolAs('mx-9', text.slice(0, -20))).rejects.toThrow('damaged');
      await expect(enrolAs('mx-9', 'hello')).rejects.toThrow('no enrolment token');
      await expect(enrolAs('mx-9', text, folder(), { url: 'http://127.0.0.1:80' })).rejects.toThrow('no address of a bus');
      await expect(enrolAs('mx-9', text, folder(), { url: 'tls://127.0.0.1:9' })).rejects.toThrow('cannot be reached');
    });

    it('gives its holder nothing but the asking', async () => {
      const { id, jwt, seed } = tokenFromText(await token());
      const bus = await connect({ servers: plane.nats.url, authenticator: credsAuthenticator(credentialText(jwt, seed)), tls: { caFile: plane.nats.identity.certificates.ca }, reconnect: false, inboxPrefix: `_INBOX.${id}` });
      ends.push(() => bus.close());
      const others = ['mw.enrol.*', 'mw.enrol.>', 'mw.enrol.0123456789abcdef', 'mw.renew.mx-1', `mw.enrol.${id}`, `_INBOX.${id}.x`];
      expect(await publishable(bus, [...EVERY_PUBLISH, ...others])).toEqual([`mw.enrol.${id}`]);
      expect(await subscribable(bus, [...EVERY_SUBSCRIPTION, ...others])).toEqual([`_INBOX.${id}.x`]);
    });

    it('lets nobody in under a name that is more than a name, whether our program asks or another', async () => {
      const text = await token({ uses: 20 });
      const { id, jwt, seed } = tokenFromText(text);
      const bus = await connect({ servers: plane.nats.url, authenticator: credsAuthenticator(credentialText(jwt, seed)), tls: { caFile: plane.nats.identity.certificates.ca }, reconnect: false, inboxPrefix: `_INBOX.${id}` });
      ends.push(() => bus.close());
      for (const wanted of NAMES_OF_NONE) {
        await expect(enrolAs(wanted, text), wanted).rejects.toThrow('cannot be the name of a server');
        bus.publish(`mw.enrol.${id}`, JSON.stringify(requestFor(id, seed, wanted)));
      }
      await bus.flush();
      // Requests are taken in their order: after this one, all those before it were.
      await enrolAs('mx-after-all', text);
      expect(await plane.sql(`SELECT server FROM reporting.enrolment WHERE token = $1`, [id])).toEqual([{ server: 'mx-after-all' }]);
      expect((await plane.sql<{ name: string }>(`SELECT name FROM reporting.server`)).filter((known) => NAMES_OF_NONE.includes(known.name))).toEqual([]);
    });

    it('counts for the keys of whoever asks, and for no others', async () => {
      const text = await token({ uses: 20 });
      const { id, jwt, seed, ca, urls } = tokenFromText(text);
      const good = requestFor(id, seed, 'mx-thief');
      const others = signerFromPem(generateSigningKey().pem);
      const forged = [
        { ...good, payload: { ...good.payload, agentKey: others.publicKey } },
        { ...good, payload: { ...good.payload, executorKey: others.publicKey } },
        { ...good, payload: { ...good.payload, busKey: makeUserKey().busKey } },
        { ...good, payload: { ...good.payload, server: 'mx-victim' } },
        requestFor(id, seed, 'mx-thief', { at: instantOf(Date.now() - 3_600_000) }),
        requestFor(id, makeUserKey().seed, 'mx-thief'),
      ];
      const answers = [];
      for (const request of forged) answers.push(JSON.parse(Buffer.from(await askToEnrol({ token: id, urls, ca, credentials: credentialText(jwt, seed) }, Buffer.from(JSON.stringify(request)))).toString()) as { payload: { outcome: { state: string; code: string } } });
      expect(answers.map(({ payload }) => payload.outcome.code)).toEqual(['keys-not-held', 'keys-not-held', 'keys-not-held', 'keys-not-held', 'clocks-apart', 'token-unknown']);
      expect(await plane.sql(`SELECT 1 FROM reporting.enrolment WHERE token = $1`, [id])).toEqual([]);
    });
  });

  it('wait for a person where the token says so, and go on by the same command', async () => {
    const text = await token({ approval: true, uses: 2 });
    const dir = folder();
    await expect(enrolAs('mx-wait', text, dir)).rejects.toThrow('nobody has agreed yet');
    const { body } = await api('enrolment', '/enrolment');
    const waiting = body['waiting'] as { id: string; server: string; address: string }[];
    expect(waiting).toMatchObject([{ server: 'mx-wait', address: '127.0.0.1' }]);
    expect((await row('mx-wait')).status).toBe('none');
    expect((await api('answerEnrolment', `/enrolment/requests/${waiting[0]?.id}`, { action: 'approve' })).status).toBe(200);
    expect((await enrolAs('mx-wait', text, dir)).server).toBe('mx-wait');
    const other = folder();
    await expect(enrolAs('mx-never', text, other)).rejects.toThrow('nobody has agreed yet');
    const [asks] = (await api('enrolment', '/enrolment')).body['waiting'] as { id: string }[];
    await api('answerEnrolment', `/enrolment/requests/${asks?.id}`, { action: 'reject' });
    await expect(enrolAs('mx-never', text, other)).rejects.toThrow('an operator refused');
  });

  it('take the place of another: the old one is out, the new one has its labels from the token', async () => {
    const old = await enrolAs('mx-old', await token());
    await enrolAs('mx-new', await token({ replaces: name('mx-old') }));
    expect((await row('mx-old')).status).toBe('revoked');
    expect((await row('mx-new')).status).toBe('active');
    await eventually('the old one is shut out', async () => ((await entered(old.settings)) ? undefined : true));
  });

  it('are not taken twice: a second machine gets no name that is in use', async () => {
    await enrolAs('mx-mine', await token());
    await expect(enrolAs('mx-mine', await token())).rejects.toThrow('there is or was a server mx-mine');
    await remove('mx-mine', 'retired');
    await expect(enrolAs('mx-mine', await token())).rejects.toThrow('there is or was a server mx-mine');
  });

  it('get new credentials, for new keys, before theirs end; the one before still counts, the one before that does not', async () => {
    const { settings: file, dir } = await enrolAs('mx-renews', await token());
    const settings = await loadAgentSettings(file);
    const [signer, trust] = [await loadSigner(settings.signingKey), await loadTrust(settings.trust)];
    const bus = await connectAgentBus({ url: settings.natsUrl, credsFile: settings.creds, caFile: settings.ca, server: 'mx-renews' });
    ends.push(() => bus.close());
    const renewal = new CredentialRenewal(settings, trust, signer, quiet);
    renewal.follow(bus);
    ends.push(async () => renewal.stop());
    const first = await readFile(settings.creds, 'utf8');
    expect(lifeOf(first).untilMs).toBeGreaterThan(Date.now() + 29 * DAY_MS);
    expect(await renewal.look(Date.now())).toBe(false);
    const renewed = async (): Promise<string> => {
      await plane.sql(`UPDATE reporting.server SET renewed_at = NULL WHERE name = 'mx-renews'`);
      const { untilMs } = lifeOf(await readFile(settings.creds, 'utf8'));
      expect(await renewal.look((untilMs ?? 0) - DAY_MS)).toBe(true);
      return readFile(settings.creds, 'utf8');
    };
    const second = await renewed();
    expect(second).not.toBe(first);
    expect(await entered(file)).toBe(true);
    const third = await renewed();
    expect(third).not.toBe(second);
    const { bus_keys: keys, shut_out_keys: out } = await row('mx-renews');
    expect([keys.length, out.length]).toEqual([2, 1]);
    const kept = join(dir, 'first.creds');
    await writeFile(kept, first, { mode: 0o600 });
    await eventually('the first key is shut out', () => breakIn({ url: plane.nats.url, caFile: settings.ca, credsFile: kept, inboxPrefix: '_INBOX.mx-renews' }).then((entry) => entry.close().then(() => undefined), () => true));
    await writeFile(kept, second, { mode: 0o600 });
    await (await breakIn({ url: plane.nats.url, caFile: settings.ca, credsFile: kept, inboxPrefix: '_INBOX.mx-renews' })).close();
  });

  it('whose keys are on two machines are told, with both named', async () => {
    const { settings: file, dir } = await enrolAs('mx-twin', await token());
    const settings = { ...(await loadAgentSettings(file)), scanIntervalSeconds: 60 };
    for (const spool of ['one', 'two']) {
      mkdirSync(join(dir, spool));
      const app = await NestFactory.createApplicationContext(await AgentModule.compose({ ...settings, spoolDir: join(dir, spool) }, quiet), { logger: false });
      ends.push(() => app.close());
    }
    const [finding] = await eventually('both are named', async () => {
      const rows = await plane.sql<{ message: string; severity: string }>(`SELECT message, severity FROM reporting.finding WHERE server = 'mx-twin' AND code = 'agent-cloned' AND state = 'open'`);
      return rows.length === 0 ? undefined : rows;
    });
    expect(finding?.severity).toBe('critical');
    expect(finding?.message.match(/machine [0-9a-f]{12}, since/g)).toHaveLength(2);
  });

  it('that were made for a time are retired when they are away for long, and it is on record', async () => {
    await enrolAs('mx-short', await token({ labels: { lifetime: 'short' } }));
    await enrolAs('mx-long', await token({ labels: { lifetime: 'long' } }));
    const removals = reporting.app.get(Removals);
    expect(await removals.awayFor(7, ['lifetime', 'short'], Date.now() + 6 * DAY_MS)).toEqual([]);
    expect(await removals.awayFor(7, ['lifetime', 'short'], Date.now() + 8 * DAY_MS)).toEqual(['mx-short']);
    expect((await row('mx-short')).status).toBe('revoked');
    expect((await row('mx-long')).status).toBe('active');
    const [entry] = await plane.sql<{ document: { facts: Record<string, string> } }>(`SELECT document FROM reporting.ledger_entry WHERE kind = 'operator-action' AND document -> 'facts' ->> 'server' = 'mx-short'`);
    expect(entry?.document.facts).toEqual({ action: 'server-retired', server: 'mx-short' });
  });
});
