import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { connectAsSuperuser } from '@mailwarden/local-postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ControlPlane, eventually } from './control-plane.js';
import type { FleetSpeaker } from './fleet-speaker.js';

const SUITE_MS = 120_000;
/** Names that would be found if any label held one. */
const SERVERS = ['mx-first', 'mx-second'] as const;
const SERVICES = ['reporting', 'rotation', 'consent'] as const;
type ServiceName = (typeof SERVICES)[number];

describe('what the services tell of themselves', () => {
  let plane: ControlPlane;
  let agent: FleetSpeaker;
  let api: string;

  const socket = (service: ServiceName): string => join(plane.dir, `${service}.sock`);
  const ask = (service: ServiceName, path: string, method = 'GET'): Promise<{ status: number; text: string }> =>
    new Promise((resolve, reject) => {
      const asked = request({ socketPath: socket(service), path, method, timeout: 15_000 }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }));
      });
      asked.on('timeout', () => asked.destroy(new Error('no answer')));
      asked.on('error', reject);
      asked.end();
    });
  const ready = async (service: ServiceName): Promise<string[] | true> => {
    const { status, text } = await ask(service, '/health/ready');
    return status === 200 ? true : (JSON.parse(text) as { because: string[] }).because;
  };
  /** The value of one line of metrics, in whatever order its labels stand. */
  const figure = async (service: ServiceName, line: string): Promise<number | undefined> => {
    const sorted = (text: string): string => text.replace(/\{(.*)\}/, (_, labels: string) => `{${labels.split(',').sort().join(',')}}`);
    const found = (await ask(service, '/metrics')).text.split('\n').find((text) => sorted(text.slice(0, text.lastIndexOf(' '))) === sorted(line));
    return found === undefined ? undefined : Number(found.slice(found.lastIndexOf(' ') + 1));
  };

  beforeAll(async () => {
    plane = await ControlPlane.start(SERVERS);
    await plane.writeFleet(SERVERS);
    const started = await Promise.all(SERVICES.map((service) => plane.run(service, { MAILWARDEN_TELEMETRY_LISTEN: `unix:${socket(service)}` })));
    api = (started[0] as unknown as { url: string }).url;
    agent = await plane.speaker('mx-first');
    await eventually('a bundle', () => plane.entry('bundle', 'mx-first'));
    await agent.observe();
    agent.beat();
    await plane.settled('reporting-observations', 'rotation-observations', 'consent-observations');
  }, SUITE_MS);
  afterAll(() => plane?.stop());

  it('says that all is well, and nothing at other addresses', async () => {
    for (const service of SERVICES) {
      expect(await ready(service)).toBe(true);
      expect(await ask(service, '/health/live')).toEqual({ status: 200, text: '{"status":"alive","because":[]}' });
      expect((await ask(service, '/')).status).toBe(404);
      expect((await ask(service, '/metrics', 'POST')).status).toBe(405);
    }
  });

  it('counts what is consumed, what waits, what the database and the ledger hold', async () => {
    for (const [service, consumer] of [['reporting', 'reporting-observations'], ['rotation', 'rotation-observations'], ['consent', 'consent-observations']] as const) {
      const name = `${service === 'reporting' ? 'reporting-service' : service === 'rotation' ? 'rotation-worker' : 'consent-registry'}`;
      expect(await figure(service, `mailwarden_messages_consumed_total{consumer="${consumer}",outcome="handled",service="${name}"}`)).toBeGreaterThanOrEqual(1);
      expect(await figure(service, `mailwarden_message_handling_seconds_count{consumer="${consumer}",service="${name}"}`)).toBeGreaterThanOrEqual(1);
      expect(await figure(service, `mailwarden_consumer_pending_messages{consumer="${consumer}",service="${name}"}`)).toBe(0);
      expect(await figure(service, `mailwarden_outbox_messages{service="${name}"}`)).toBeGreaterThanOrEqual(0);
      expect(await figure(service, `mailwarden_database_connections{state="used",service="${name}"}`)).toBeGreaterThanOrEqual(0);
      expect(await figure(service, `mailwarden_ready{service="${name}"}`)).toBe(1);
      expect(await figure(service, `process_resident_memory_bytes{service="${name}"}`)).toBeGreaterThan(1e7);
    }
    expect(await figure('reporting', 'mailwarden_ledger_entries{service="reporting-service"}')).toBeGreaterThanOrEqual(2);
    await eventually('the sign of life', async () => ((await figure('reporting', 'mailwarden_servers{state="live",service="reporting-service"}')) === 1 ? true : undefined));
    expect(await figure('reporting', 'mailwarden_observed_servers{age="minute",service="reporting-service"}')).toBe(1);
    expect(await figure('reporting', 'mailwarden_observed_servers{age="never",service="reporting-service"}')).toBe(1);
    await agent.say('mw.observation.mx-first', 'mailwarden.nobody.knows.v9', {});
    await eventually('the dead letter', async () => ((await figure('reporting', 'mailwarden_dead_letters{consumer="reporting-observations",state="waiting",service="reporting-service"}')) === 1 ? true : undefined));
    expect(await figure('reporting', 'mailwarden_findings_open{code="message-rejected",severity="high",service="reporting-service"}')).toBe(1);
    expect(await figure('reporting', 'mailwarden_messages_consumed_total{consumer="reporting-observations",outcome="put-aside",service="reporting-service"}')).toBe(1);
  });

  it('times requests by the name of their route, whatever address was asked for', async () => {
    await fetch(`${api}/api/v1/servers/mx-first`);
    await fetch(`${api}/healthz`);
    await fetch(`${api}/no/such/page-of-anna@example.org`);
    expect(await eventually('the request', () => figure('reporting', 'mailwarden_http_request_seconds_count{route="server",method="GET",status="4xx",service="reporting-service"}'))).toBe(1);
    expect(await figure('reporting', 'mailwarden_http_request_seconds_count{route="health",method="GET",status="2xx",service="reporting-service"}')).toBe(1);
  });

  it('has no label with a name of a server, a person or an address, and none without a bound', async () => {
    for (const service of SERVICES) {
      const { text } = await ask(service, '/metrics');
      for (const name of [...SERVERS, 'anna', 'example.org', 'no/such', plane.dir, 'mw.']) expect(text).not.toContain(name);
      const labels = new Set([...text.matchAll(/(\w+)="/g)].map(([, label]) => label));
      expect([...labels].filter((label) => !['service', 'consumer', 'outcome', 'le', 'state', 'age', 'code', 'severity', 'route', 'method', 'status', 'source', 'origin', 'type', 'version', 'major', 'minor', 'patch', 'space', 'kind'].includes(label ?? ''))).toEqual([]);
    }
  });

  it('exports every metric that the dashboard and the alerts name, and the dashboard shows each of ours', async () => {
    const texts = await Promise.all(SERVICES.map((service) => ask(service, '/metrics')));
    const exported = new Set(texts.flatMap(({ text }) => [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = '', type]) => (type === 'histogram' ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name]))));
    const folder = join(import.meta.dirname, '../../deploy/grafana');
    const named = (file: string): string[] => [...readFileSync(join(folder, file), 'utf8').matchAll(/\b(?:mailwarden|process|nodejs)_[a-z0-9_]+/g)].map(([name]) => name);
    for (const file of ['dashboard.json', 'alerts.yml']) {
      expect(named(file).length).toBeGreaterThan(5);
      expect([...new Set(named(file))].filter((name) => !exported.has(name))).toEqual([]);
    }
    const shown = new Set(named('dashboard.json').map((name) => name.replace(/_(?:bucket|count|sum)$/, '')));
    const ours = [...exported].filter((name) => name.startsWith('mailwarden_')).map((name) => name.replace(/_(?:bucket|count|sum)$/, ''));
    expect([...new Set(ours)].filter((name) => !shown.has(name))).toEqual([]);
  });

  it('is not ready while a consumer stands at one message, and lives', { timeout: SUITE_MS }, async () => {
    const holder = await connectAsSuperuser(plane.postgres);
    await holder.query('BEGIN');
    await holder.query('LOCK TABLE consent.handled_message IN ACCESS EXCLUSIVE MODE');
    await agent.attest({});
    expect(await eventually('it stands still', async () => { const answer = await ready('consent'); return answer === true ? undefined : answer; }, 40_000)).toEqual([expect.stringMatching(/^consent-attestations handles one message for 2\d s$/)]);
    expect((await ask('consent', '/health/live')).status).toBe(200);
    expect(await ready('reporting')).toBe(true);
    await holder.query('ROLLBACK');
    await holder.end();
    await eventually('it goes on', async () => ((await ready('consent')) === true ? true : undefined), 60_000);
  });

  it('is not ready while the database is away, tells the figures that it has, and lives', { timeout: SUITE_MS }, async () => {
    await plane.postgres.kill();
    for (const service of SERVICES) {
      expect(await eventually('not ready', async () => { const answer = await ready(service); return answer === true ? undefined : answer; })).toContain('the database does not answer');
      expect((await ask(service, '/health/live')).status).toBe(200);
      const { text } = await ask(service, '/metrics');
      expect(text).toMatch(/mailwarden_ready\{service="[a-z-]+"\} 0/);
      expect(text).toMatch(/mailwarden_metric_source_failures_total\{source="outbox",service="[a-z-]+"\} [1-9]/);
      expect(text).toMatch(/mailwarden_outbox_messages\{service="[a-z-]+"\} NaN/i);
    }
    expect((await fetch(`${api}/readyz`)).status).toBe(503);
    expect((await fetch(`${api}/healthz`)).status).toBe(200);
    await plane.postgres.start();
    for (const service of SERVICES) await eventually('ready again', async () => ((await ready(service)) === true ? true : undefined), 60_000);
  });

  it('is not ready while the broker is away, and is by itself again', { timeout: SUITE_MS }, async () => {
    await plane.nats.kill();
    for (const service of SERVICES) expect(await eventually('not ready', async () => { const answer = await ready(service); return answer === true ? undefined : answer; })).toContain('the bus does not answer');
    expect((await fetch(`${api}/readyz`)).status).toBe(503);
    await plane.nats.start();
    for (const service of SERVICES) await eventually('ready again', async () => ((await ready(service)) === true ? true : undefined), 60_000);
    expect((await fetch(`${api}/readyz`)).status).toBe(200);
  });
});
