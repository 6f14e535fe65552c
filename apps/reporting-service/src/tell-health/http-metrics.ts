import { ROUTES, type RouteName } from '@mailwarden/contracts';
import type { Metrics } from '@mailwarden/telemetry';
import type { FastifyInstance } from 'fastify';
import { routerPath } from '../http/route.js';

/** Units: seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;
const STATUS = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const;
const METHODS = ['GET', 'HEAD', 'POST', 'DELETE'] as const;
const NAMES = Object.keys(ROUTES) as RouteName[];
/** What is open for as long as somebody looks has no duration. */
const LONG: RouteName = 'stream';

/** Counts and times the requests by the name of their route in the contract. Privacy: addresses as they were asked for hold names of servers, and are no labels. */
export function watchRequests(metrics: Metrics, server: FastifyInstance): void {
  const timed = metrics.histogram({ name: 'mailwarden_http_request_seconds', help: 'Requests that were answered, by route, method and kind of status, with the time that they took', labels: { route: [...NAMES, 'console', 'health'], method: METHODS, status: STATUS } }, BUCKETS);
  const names = new Map(NAMES.map((name) => [`${ROUTES[name].method} ${routerPath(name)}`, name as string]));
  const routeOf = (method: string, path: string): string => names.get(`${method === 'HEAD' ? 'GET' : method} ${path}`) ?? (path === '/healthz' || path === '/readyz' ? 'health' : path === '*' || path === '/*' ? 'console' : '');
  server.addHook('onResponse', (request, reply, done) => {
    const route = routeOf(request.method, request.routeOptions.url ?? '');
    if (route !== LONG) timed({ route, method: request.method, status: `${Math.floor(reply.statusCode / 100)}xx` }, reply.elapsedTime / 1_000);
    done();
  });
}
