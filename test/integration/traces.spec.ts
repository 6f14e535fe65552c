import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SPAN_FACTS } from '@mailwarden/tracing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ControlPlane, eventually } from './control-plane.js';
import { PROFILE } from './fleet-speaker.js';
import { RealAgent } from './real-agent.js';

const SUITE_MS = 120_000;

interface Span {
  readonly service: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue: string } }[];
}

/** A receiver of OTLP over HTTP, as far as traces in JSON go. Answers as the specification says, and refuses what is not of its form. */
class Receiver {
  readonly spans: Span[] = [];
  readonly bodies: string[] = [];

  private constructor(private readonly server: Server) {}

  static async listen(): Promise<Receiver> {
    const server = createServer();
    const receiver = new Receiver(server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const isTrace = request.method === 'POST' && request.url === '/v1/traces' && request.headers['content-type'] === 'application/json';
        if (isTrace) receiver.#take(Buffer.concat(chunks).toString('utf8'));
        response.writeHead(isTrace ? 200 : 400, { 'content-type': 'application/json' }).end('{"partialSuccess":{}}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  #take(body: string): void {
    this.bodies.push(body);
    const { resourceSpans } = JSON.parse(body) as { resourceSpans: { resource: { attributes: Span['attributes'] }; scopeSpans: { spans: Omit<Span, 'service'>[] }[] }[] };
    for (const { resource, scopeSpans } of resourceSpans) {
      const service = resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue ?? '';
      for (const { spans } of scopeSpans) this.spans.push(...spans.map((span) => ({ ...span, service })));
    }
  }

  async close(): Promise<void> {
    await new Promise((resolve) => {
      this.server.close(resolve);
      this.server.closeAllConnections();
    });
  }
}

const FILE_BYTES = 4_096;
/** What must be in no span: a letter's name as a store keeps it, a person, a folder. */
const PERSON = 'anna.person@example.org';
const POLICY = `schema: mailwarden/policy/v1\nkind: retention\nname: cap\nreason: A test\nmode: enforce\nlimits: { bytes: ${10 * FILE_BYTES} B }\ntarget: 50 %\nstores: [ ${PROFILE}/reports ]\nbounds: { percent: 100 }\n`;

describe('one trace across the bus', () => {
  let receiver: Receiver;
  let plane: ControlPlane;
  let agent: RealAgent;

  const spanOf = (spans: readonly Span[], service: string, name: string): Span | undefined => spans.find((span) => span.service === service && span.name === name);
  const factOf = (span: Span | undefined, key: string): string | undefined => span?.attributes.find((attribute) => attribute.key === key)?.value.stringValue;

  beforeAll(async () => {
    receiver = await Receiver.listen();
    plane = await ControlPlane.start(['mx-1']);
    await plane.writeFleet(['mx-1']);
    await writeFile(join(plane.dir, 'cap.yaml'), POLICY, { mode: 0o600 });
    const traced = { MAILWARDEN_OTLP_ENDPOINT: receiver.url, MAILWARDEN_TRACE_RATIO: '1' };
    for (const service of ['reporting', 'rotation', 'consent'] as const) await plane.run(service, traced);
    agent = await RealAgent.prepare('mx-1', plane.nats, { otlpEndpoint: receiver.url, traceRatio: 1 });
    for (let index = 0; index < 20; index += 1) await writeFile(join(agent.store, `${PERSON} ${index}`), Buffer.alloc(FILE_BYTES));
    await eventually('a bundle', () => plane.entry('bundle', 'mx-1'));
    await agent.start();
  }, SUITE_MS);
  afterAll(async () => {
    await agent?.remove();
    await plane?.stop();
    await receiver?.close();
  });

  it('goes from the observation by the order and the executor to the receipt and the ledger', { timeout: SUITE_MS }, async () => {
    const spans = await eventually('the whole trace', async () => {
      const kept = receiver.spans.find((span) => span.service === 'reporting-service' && span.name === 'append to the ledger' && factOf(span, 'mailwarden.outcome') === 'receipt');
      const trace = receiver.spans.filter(({ traceId }) => traceId === kept?.traceId);
      return trace.some(({ service }) => service === 'rotation-executor') && trace.some(({ service, name }) => service === 'collector-agent' && name === 'measure a profile') && trace.some(({ name, attributes }) => name === 'handle a message' && attributes.some(({ value }) => value.stringValue === 'rotation-receipts')) ? trace : undefined;
    }, 60_000);
    const [measured, carried, executed, kept] = [spanOf(spans, 'collector-agent', 'measure a profile'), spanOf(spans, 'collector-agent', 'carry out an order'), spanOf(spans, 'rotation-executor', 'rotate a store'), spans.find((span) => span.name === 'append to the ledger' && factOf(span, 'mailwarden.outcome') === 'receipt')];
    const considered = spans.find((span) => span.service === 'rotation-worker' && factOf(span, 'messaging.destination.name') === 'rotation-observations');
    expect(measured?.parentSpanId).toBeUndefined();
    expect(considered?.parentSpanId).toBe(measured?.spanId);
    expect(carried?.parentSpanId).toBe(considered?.spanId);
    expect(executed?.parentSpanId).toBe(carried?.spanId);
    const [order] = await plane.sql<{ id: string }>(`SELECT id FROM rotation.rotation_order WHERE receipt IS NOT NULL ORDER BY issued_at LIMIT 1`);
    for (const span of [carried, executed]) expect(factOf(span, 'mailwarden.order')).toBe(order?.id);
    const handled = spans.find(({ spanId }) => spanId === kept?.parentSpanId);
    expect([handled?.service, factOf(handled, 'messaging.destination.name'), handled?.parentSpanId]).toEqual(['reporting-service', 'reporting-evidence', carried?.spanId]);
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
    for (const { startTimeUnixNano, endTimeUnixNano } of spans) expect(BigInt(endTimeUnixNano) >= BigInt(startTimeUnixNano)).toBe(true);
    expect(new Set(spans.map(({ service }) => service))).toEqual(new Set(['collector-agent', 'rotation-worker', 'rotation-executor', 'reporting-service', 'consent-registry']));
  });

  it('carries nothing of persons, letters or folders, and nothing that is not in a fixed form', () => {
    const text = receiver.bodies.join('\n');
    for (const secret of [PERSON, 'anna', '/var/', agent.dir, 'Bearer']) expect(text).not.toContain(secret);
    const keys = new Set(receiver.spans.flatMap(({ attributes }) => attributes.map(({ key }) => key)));
    expect([...keys].filter((key) => !(key in SPAN_FACTS))).toEqual([]);
  });
});
