import type { IncomingMessage, ServerResponse } from 'node:http';
import { ROUTES, type RouteName } from '@mailwarden/contracts';
import type { Plugin, PreviewServer, ViteDevServer } from 'vite';
import { SampleState } from './sample-state.js';

const PREFIX = '/api/v1';
const STEP_MS = 8_000;
/** What the service itself sends along, so that a page which breaks it is seen while developing. A page served for development alone needs inline scripts of its own. */
const POLICY = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'";

interface Matched {
  readonly name: RouteName;
  readonly parameter: string;
}

function matched(method: string, path: string): Matched | null {
  // As in the service's router, an address that is written out comes before one with a place to fill in.
  for (const [name, route] of Object.entries(ROUTES)) if (method === route.method && path === route.path) return { name: name as RouteName, parameter: '' };
  for (const [name, route] of Object.entries(ROUTES)) {
    const pattern = new RegExp(`^${route.path.replaceAll(/\{\w+\}/g, '([^/]+)')}$`);
    const found = method === route.method ? pattern.exec(path) : null;
    if (found !== null) return { name: name as RouteName, parameter: decodeURIComponent(found[1] ?? '') };
  }
  return null;
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text === '' ? null : JSON.parse(text);
}

function send(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': status < 400 ? 'application/json' : 'application/problem+json', 'cache-control': 'no-store' }).end(JSON.stringify(value));
}
const refuse = (response: ServerResponse, status: number, title: string, detail: string): void => send(response, status, { type: 'about:blank', title, status, detail });

/**
 * Answers the API with made-up data while developing. Every answer passes the contract's own schema first, so that sample and service cannot drift apart.
 * `POST /api/v1/sample?signedIn=no&away=yes&many=10000` sets the scene.
 */
export function sampleApi(): Plugin {
  const state = new SampleState();
  const streams = new Set<ServerResponse>();
  let away = false;
  const tell = (topic: string, server: string | null): void => {
    for (const stream of streams) stream.write(`data: ${JSON.stringify({ topic, server, at: new Date().toISOString() })}\n\n`);
  };

  const scene = (query: URLSearchParams): void => {
    if (query.has('signedIn')) state.signedIn = query.get('signedIn') === 'yes';
    if (query.has('many')) state.many = Number(query.get('many'));
    if (query.has('away')) away = query.get('away') === 'yes';
    if (away) for (const stream of streams) stream.destroy();
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://sample');
    const path = url.pathname.slice(PREFIX.length);
    if (path === '/sample') {
      scene(url.searchParams);
      return send(response, 200, {});
    }
    if (away) return void response.destroy();
    const route = matched(request.method ?? 'GET', path);
    if (route === null) return refuse(response, 404, 'Not found', 'There is nothing at this address.');
    const body = await bodyOf(request);
    if (route.name === 'signIn') {
      if (!ROUTES.signIn.request.safeParse(body).success || JSON.stringify(body).includes('used')) return refuse(response, 401, 'Not signed in', 'This link was used before or is not valid. Take the newest one that Mailwarden printed.');
      state.signedIn = true;
    }
    if (!state.signedIn) return refuse(response, 401, 'Not signed in', 'Sign in first.');
    if (route.name === 'signOut') state.signedIn = false;
    else if (request.method !== 'GET' && route.name !== 'signIn' && request.headers['x-csrf-token'] !== 'sample-token') return refuse(response, 403, 'Not allowed', 'The request did not come from the console itself; reload the page.');
    if (route.name === 'stream') return openStream(response);
    if (route.name === 'decide') ROUTES.decide.request.parse(body);
    const value = state.answer(route.name, route.parameter, url.searchParams, body);
    if (value === undefined) return refuse(response, 404, 'Not found', 'There is no such thing.');
    send(response, 200, ROUTES[route.name].reply.parse(value));
    if (route.name === 'decide') for (const afterMs of [100, 1_700]) setTimeout(() => tell('consent', null), afterMs);
  };

  const openStream = (response: ServerResponse): void => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write('retry: 1000\n: connected\n\n');
    streams.add(response);
    response.once('close', () => streams.delete(response));
  };

  const attach = ({ middlewares }: ViteDevServer | PreviewServer): void => {
    middlewares.use((request, response, next) => {
      if (request.url?.startsWith(`${PREFIX}/`) !== true) return next();
      answer(request, response).catch((error: unknown) => {
        console.error(error);
        if (!response.headersSent) refuse(response, 500, 'Something failed here', String(error).slice(0, 400));
      });
    });
    setInterval(() => {
      state.step();
      for (const topic of ['events', 'rotations', 'findings']) tell(topic, topic === 'events' ? null : 'mx-dublin');
    }, STEP_MS).unref();
  };

  return {
    name: 'mailwarden:sample-api',
    configureServer: attach,
    configurePreviewServer: (server) => {
      server.middlewares.use((_request, response, next) => {
        response.setHeader('content-security-policy', POLICY);
        next();
      });
      attach(server);
    },
    // Modules of the libraries that only Node can run are loaded, not used, while nothing falls away.
    transformIndexHtml: { order: 'pre', handler: (_html, { server }) => (server === undefined ? [] : [{ tag: 'script', children: 'globalThis.Buffer ??= { from: () => new Uint8Array() };', injectTo: 'head-prepend' }]) },
  };
}
