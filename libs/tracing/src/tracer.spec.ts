import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { currentTrace, currentTraceparent, openTracer, SPAN_FACTS, traceFrom, type SpanFacts } from './index.js';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const closers: (() => Promise<void>)[] = [];

async function receiver(status = 200): Promise<{ url: string; spans: () => Record<string, unknown>[]; text: () => string }> {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks).toString('utf8'));
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  }));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    text: () => bodies.join('\n'),
    spans: () => bodies.flatMap((body) => (JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: Record<string, unknown>[] }[] }[] }).resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))),
  };
}

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const options = { name: 'sample work', kind: 'internal' } as const;
const failures: unknown[] = [];
const tracer = (endpoint: string | undefined, ratio = 1) => openTracer({ service: 'sample', endpoint, ratio, onFailure: (cause) => failures.push(cause) });

describe('the context of a trace', () => {
  it('is read as it was meant, and nothing else is', () => {
    expect(traceFrom(TRACEPARENT)).toEqual({ traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', sampled: true });
    for (const wrong of [undefined, '', '00', TRACEPARENT.toUpperCase(), TRACEPARENT.replace('00-', 'ff-'), `${TRACEPARENT}-x`, '00-00000000000000000000000000000000-b7ad6b7169203331-01', '00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01', "00-'; DROP TABLE x-b7ad6b7169203331-01"]) expect(traceFrom(wrong)).toBeUndefined();
  });

  it('is handed on by a process that tells nothing itself', async () => {
    const silent = await tracer(undefined);
    expect(await silent.span({ ...options, from: { traceparent: TRACEPARENT } }, () => Promise.resolve(currentTraceparent()))).toBe(TRACEPARENT);
    expect(await silent.span({ ...options, from: { traceparent: undefined } }, () => Promise.resolve(currentTraceparent()))).toBeUndefined();
    expect(currentTrace()).toBeUndefined();
  });
});

describe('spans', () => {
  it('belong to the trace that came, and what is said inside belongs to them', async () => {
    const heard = await receiver();
    const telling = await tracer(heard.url);
    const inner = await telling.span({ ...options, from: { traceparent: TRACEPARENT } }, async (add) => {
      add({ 'mailwarden.store': 'backup' });
      telling.tell({ service: 'elsewhere', name: 'other work', kind: 'internal', startMs: 10, endMs: 5, failed: false });
      return telling.span(options, () => Promise.resolve(currentTraceparent()));
    });
    await expect(telling.span(options, () => Promise.reject(new TypeError('Key (sender)=(anna@example.org) already exists')))).rejects.toThrow(TypeError);
    await telling.close();
    const [told, nested, outer, failed] = heard.spans();
    expect(outer).toMatchObject({ traceId: '0af7651916cd43dd8448eb211c80319c', parentSpanId: 'b7ad6b7169203331', name: 'sample work', kind: 1, attributes: [{ key: 'mailwarden.store', value: { stringValue: 'backup' } }], status: {} });
    expect(nested).toMatchObject({ parentSpanId: outer?.['spanId'], traceId: outer?.['traceId'] });
    expect(inner).toBe(`00-${String(nested?.['traceId'])}-${String(nested?.['spanId'])}-01`);
    expect(told).toMatchObject({ parentSpanId: outer?.['spanId'], name: 'other work', startTimeUnixNano: '10000000', endTimeUnixNano: '10000000' });
    expect(failed).toMatchObject({ status: { code: 2 }, attributes: [{ key: 'error.type', value: { stringValue: 'TypeError' } }] });
    expect(heard.text()).not.toContain('anna');
  });

  it('are told where the trace was chosen where it began, whatever this process would choose', async () => {
    const heard = await receiver();
    const never = await tracer(heard.url, 0);
    await never.span({ ...options, from: { traceparent: TRACEPARENT } }, () => Promise.resolve());
    expect(await never.span(options, () => Promise.resolve(currentTraceparent()))).toMatch(/-00$/);
    const always = await tracer(heard.url, 1);
    await always.span({ ...options, from: { traceparent: TRACEPARENT.replace(/01$/, '00') } }, () => Promise.resolve());
    await Promise.all([never.close(), always.close()]);
    expect(heard.spans()).toHaveLength(1);
  });

  it('let nothing through that is not in its form, whoever puts it there', async () => {
    const heard = await receiver();
    const telling = await tracer(heard.url);
    const secrets = ['anna@example.org', '/var/mail/anna', 'Re: your test results', 'anna person', 'a'.repeat(500), 'x\ny', '{"a":1}', 'ANNA'];
    for (const secret of secrets) {
      const facts = Object.fromEntries([...Object.keys(SPAN_FACTS), 'http.url', 'user'].map((key) => [key, secret])) as SpanFacts;
      await telling.span({ name: secret, kind: 'internal', facts }, (add) => {
        add(facts);
        add({ 'mailwarden.store': { toString: () => secret } } as unknown as SpanFacts);
        return Promise.resolve();
      });
      await telling.span(options, () => Promise.reject(Object.assign(new Error(secret), { name: secret }))).catch(() => undefined);
      await telling.span(options, () => Promise.reject(secret as unknown as Error)).catch(() => undefined);
    }
    await telling.close();
    const told = heard.text();
    for (const secret of secrets.filter((text) => !['anna person', 'ANNA'].includes(text))) expect(told).not.toContain(JSON.stringify(secret).slice(1, -1));
    expect(told).not.toContain('http.url');
  });

  it('hold up nothing and fail nothing while their receiver is away or refuses, and take no more room than a bound', async () => {
    failures.length = 0;
    const refusing = await receiver(503);
    for (const url of ['http://127.0.0.1:9', refusing.url]) {
      const telling = await tracer(url);
      for (let index = 0; index < 5_000; index += 1) await telling.span(options, () => Promise.resolve());
      await telling.close();
    }
    expect(failures).toHaveLength(2);
  });
});
