import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ROUTES, STREAMS, type RouteName } from '@mailwarden/contracts';
import { createLogger, nestLogger } from '@mailwarden/observability';
import { jetstream, DeliverPolicy, jetstreamManager } from '@nats-io/jetstream';
import { NestFactory } from '@nestjs/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agentSettings } from '../../apps/collector-agent/src/agent-settings.js';
import { AgentModule } from '../../apps/collector-agent/src/agent.module.js';
import { eventually } from './control-plane.js';
import { Doors, PASSWORD, type Session } from './doors.js';
import { layOutPersonalHost, PERSONS } from './personal-host.js';
import { formsOf } from './told-forms.js';

/** A table without rows has nothing to tell; with fewer than so many, the wrong database is looked at. */
const TABLES_MIN = 20;
const SERVER = 'mx-1';
/** In plain, in base64 and base64url wherever they begin, and in hex. */
const PERSON = formsOf(PERSONS);
const A_DAY_MS = 86_400_000;
/** Two scans on a machine that has other things to do. */
const OBSERVED_MS_MAX = 100_000;
/** Scans that the host is seen by before it is looked at what was said. */
const OBSERVATIONS = 2;

describe('a host full of persons, watched', () => {
  let doors: Doors;
  let host: Awaited<ReturnType<typeof layOutPersonalHost>>;
  let session: Session;
  let endAgent: () => Promise<void> = () => Promise.resolve();
  const logged: string[] = [];

  /** Every message of every stream and bucket, headers and subjects among it, as text and as bytes. */
  const published = async (): Promise<string> => {
    const manager = await jetstreamManager(doors.plane.bus);
    const heard: string[] = [];
    for (const stream of [...Object.keys(STREAMS), 'KV_bundle', 'KV_consent', 'KV_fleet']) {
      const { state } = await manager.streams.info(stream);
      if (state.messages === 0) continue;
      const source = await jetstream(doors.plane.bus).consumers.get(stream, { deliver_policy: DeliverPolicy.All });
      for await (const message of await source.fetch({ max_messages: state.messages, expires: 5_000 })) heard.push(`${message.subject} ${JSON.stringify([...(message.headers ?? [])])} ${message.string()}`);
    }
    return heard.join('\n');
  };
  const observations = async (): Promise<number> => (await doors.plane.streamInfo('OBSERVATIONS')).state.messages;

  beforeAll(async () => {
    [doors, host] = await Promise.all([Doors.start([SERVER]), layOutPersonalHost()]);
    await doors.plane.run('rotation');
    await doors.plane.run('consent');
    await doors.addOperator('reader', 'administrator');
    session = await doors.signIn({ name: 'reader', password: PASSWORD });
    const { identity, url } = doors.plane.nats;
    const files = identity.servers.get(SERVER);
    const spoolDir = join(doors.plane.dir, 'spool');
    await mkdir(spoolDir, { mode: 0o700 });
    const settings = agentSettings.parse({
      server: SERVER, root: host.root, profiles: ['kaspersky-klms-8'], natsUrl: url, creds: files?.creds, ca: identity.certificates.ca, signingKey: files?.signingKey, trust: identity.trust, spoolDir, hashKeyFile: files?.hashKey,
      executor: { command: ['/bin/false'], settings: '/none' }, scanIntervalSeconds: 1,
    });
    const log = createLogger({ service: 'collector-agent', level: 'trace', destination: { write: (line) => logged.push(line) } });
    const app = await NestFactory.createApplicationContext(await AgentModule.compose(settings, log), { logger: nestLogger(log) });
    endAgent = () => app.close();
    await eventually('the host was observed', async () => ((await observations()) >= OBSERVATIONS ? true : undefined), OBSERVED_MS_MAX);
    await doors.plane.settled('reporting-observations', 'reporting-evidence', 'reporting-events');
  }, 2 * OBSERVED_MS_MAX);
  afterAll(async () => {
    await endAgent();
    await host?.remove();
    await doors?.close();
  });

  it('was measured, with its persons as keyed hashes', async () => {
    const [{ document } = { document: '' }] = await doors.plane.sql<{ document: string }>(`SELECT document::text AS document FROM reporting.observation WHERE server = $1`, [SERVER]);
    const { stores } = JSON.parse(document) as { stores: { id: string; items: { value?: number }; access: { accounts: { name: string }[] } }[] };
    const backup = stores.find(({ id }) => id === 'backup');
    expect(backup?.items.value).toBeGreaterThanOrEqual(24);
    expect(backup?.access.accounts.map(({ name }) => name)).toContainEqual(expect.stringMatching(/^account-[0-9a-f]{8,}$/));
  });

  it('names no person in any message, header or subject on the bus', async () => {
    const said = await published();
    expect(said.length).toBeGreaterThan(1_000);
    expect(PERSON.exec(said)?.[0] ?? null, said.slice(Math.max(0, said.search(PERSON) - 300), said.search(PERSON) + 100)).toBeNull();
  });

  it('names no person in a line of the agent\'s log', () => {
    expect(logged.length).toBeGreaterThan(0);
    expect(logged.filter((line) => PERSON.test(line))).toEqual([]);
  });

  it('names no person in any row of any service, the ledger among them', async () => {
    const tables = await doors.plane.sql<{ name: string }>(`SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname IN ('reporting', 'rotation', 'consent')`);
    expect(tables.length).toBeGreaterThan(TABLES_MIN);
    for (const { name } of tables) {
      const rows = await doors.plane.sql<{ row: string }>(`SELECT row_to_json(t)::text AS row FROM ${name} t`);
      expect(rows.map(({ row }) => row).filter((row) => PERSON.test(row)), name).toEqual([]);
    }
  });

  it('names no person in a pack of all evidence, or in one about the server', async () => {
    const [from, to] = [new Date(Date.now() - A_DAY_MS), new Date()].map((at) => at.toISOString()) as [string, string];
    for (const about of ['', `&server=${SERVER}`]) {
      const pack = await eventually('a pack', async () => {
        const { status, text } = await doors.knock(`/api/v1/evidence/period?from=${from}&to=${to}${about}`, { headers: { cookie: session.cookie } });
        return status === 200 && text.includes('"line":"end"') ? text : undefined;
      });
      expect(pack).toContain('"line":"entry"');
      expect(PERSON.exec(pack)?.[0] ?? null).toBeNull();
    }
  });

  it('names no person in any answer of the API', async () => {
    let asked = 0;
    for (const name of Object.keys(ROUTES) as RouteName[]) {
      const { method, path } = ROUTES[name];
      if (method !== 'GET' || name === 'stream') continue;
      const { text } = await doors.knock(`/api/v1${path.replace('{name}', SERVER).replace('{id}', '00000000-0000-4000-8000-000000000000')}`, { headers: { cookie: session.cookie } });
      expect(`${name} ${PERSON.exec(text)?.[0] ?? ''}`).toBe(`${name} `);
      asked += 1;
    }
    expect(asked).toBeGreaterThan(8);
  });
});
