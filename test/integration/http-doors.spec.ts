import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROUTES } from '@mailwarden/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Doors, PASSWORD, type Answer, type Session } from './doors.js';

const API = '/api/v1';
/** What anyone may reach. */
const OPEN = new Set([`POST ${API}/session`, 'GET /healthz', 'HEAD /healthz', 'GET /readyz', 'HEAD /readyz', 'GET *', 'HEAD *']);
const TOKEN = 'a-token-of-the-local-command-line';
const ROLES = ['viewer', 'operator', 'privacy-officer', 'administrator'] as const;
const DECISION = { agreement: 'ksn', textSha256: null, action: 'withdraw', scope: { kind: 'organisation' }, onBehalfOf: 'the organisation', means: 'console', reason: 'asked for', validUntil: null, region: null };
const LONG = `/${'a/'.repeat(3_000)}`;
/** Words that would tell what the service is made of. */
const INTERNALS = /node_modules|\.ts\b|\.js:|at .*\(|SELECT|INSERT|reporting\.|postgres|fastify|nest|FST_|ECONN|stack/i;

describe('the doors of the web side', () => {
  let doors: Doors;
  const sessions = new Map<string, Session>();
  const as = (role: string, withCsrf = true): Record<string, string> => {
    const session = sessions.get(role);
    return session === undefined ? {} : { cookie: session.cookie, ...(withCsrf ? { 'x-csrf-token': session.csrf } : {}) };
  };
  const expectProblem = ({ status, headers, text }: Answer, expected?: number): void => {
    if (expected !== undefined) expect(status).toBe(expected);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(JSON.parse(text)).toMatchObject({ type: 'about:blank', status });
    expect(text).not.toMatch(INTERNALS);
  };

  beforeAll(async () => {
    doors = await Doors.start(['mx-1'], { MAILWARDEN_HTTP_NAMES: 'console.mail.example, other.example' });
    await writeFile(join(doors.plane.dir, 'token'), TOKEN, { mode: 0o600 });
    for (const role of ROLES) {
      await doors.addOperator(role, role);
      sessions.set(role, await doors.signIn({ name: role, password: PASSWORD }));
    }
  });
  afterAll(() => doors?.close());

  it('answers 401 to everybody without a session, on every route that the web server knows', async () => {
    const routes = doors.routes();
    for (const { method, path } of Object.values(ROUTES)) expect(routes).toContainEqual({ method, path: `${API}${path.replaceAll(/\{(\w+)\}/g, ':$1')}` });
    for (const { method, path } of routes) {
      if (OPEN.has(`${method} ${path}`)) continue;
      const address = path.replaceAll(/:\w+/g, 'x');
      for (const headers of [{}, { cookie: 'mailwarden_session=rubbish' }, { authorization: 'Bearer not-the-token-of-this-machine' }, { authorization: `Basic ${Buffer.from(`administrator:${PASSWORD}`).toString('base64')}` }]) {
        const answer = await doors.knock(address, { method, headers });
        expect(`${method} ${path} ${answer.status}`).toBe(`${method} ${path} 401`);
        if (method !== 'HEAD') expectProblem(answer, 401);
      }
    }
  });

  it('lets every role read and only two of them decide', async () => {
    for (const role of ROLES) {
      expect((await doors.knock(`${API}/fleet`, { headers: as(role) })).status).toBe(200);
      const decided = await doors.json(`${API}/consents/decisions`, DECISION, { headers: as(role) });
      // The consent registry does not run here: whoever may decide hears that it is away.
      expect(`${role} ${decided.status}`).toBe(`${role} ${role === 'viewer' || role === 'operator' ? 403 : 503}`);
      expectProblem(decided);
    }
  });

  it('lets nobody who may only look change policies or decide about rotations', async () => {
    const changes: readonly (readonly [path: string, body: object])[] = [
      ['/policies', { documents: ['name: x'], remove: [], reason: 'asked for' }],
      ['/policies/exact-plans', { documents: null, policy: null, server: null, servers: 1 }],
      ['/rotations/decisions', { about: 'rollout', id: 'cap', action: 'stop', reason: 'asked for' }],
    ];
    const questions: readonly (readonly [path: string, body: object])[] = [
      ['/policies/check', { documents: ['name: x'], remove: [] }],
      ['/policies/plan', { documents: null, policy: null, server: null, rows: 1 }],
      ['/policies/exact-plans/answers', { orders: [] }],
    ];
    for (const role of ROLES) {
      // The rotation worker does not run here: whoever is let in hears that it is away.
      for (const [path, body] of changes) expect(`${role} ${path} ${(await doors.json(`${API}${path}`, body, { headers: as(role) })).status}`).toBe(`${role} ${path} ${role === 'viewer' ? 403 : 503}`);
      for (const [path, body] of questions) expect(`${role} ${path} ${(await doors.json(`${API}${path}`, body, { headers: as(role) })).status}`).toBe(`${role} ${path} 503`);
    }
    for (const [path, body] of [...changes, ...questions]) {
      expectProblem(await doors.json(`${API}${path}`, body, { headers: as('administrator', false) }), 403);
      for (const wrong of [{}, { ...body, by: 1, documents: 'x', orders: 'x', id: '' }]) expectProblem(await doors.json(`${API}${path}`, wrong, { headers: as('administrator') }), 400);
    }
  });

  it('takes a change only with the token of the page, and a decision in nobody else\'s name', async () => {
    const stranger = { 'x-csrf-token': sessions.get('viewer')?.csrf ?? '' };
    for (const headers of [as('administrator', false), { ...as('administrator', false), 'x-csrf-token': '' }, { ...as('administrator', false), ...stranger }]) {
      expectProblem(await doors.json(`${API}/consents/decisions`, DECISION, { headers }), 403);
      expectProblem(await doors.json(`${API}/me/password`, { password: 'another password of the suite' }, { headers }), 403);
      expectProblem(await doors.knock(`${API}/session`, { method: 'DELETE', headers }), 403);
    }
    expect((await doors.json(`${API}/consents/decisions`, DECISION, { headers: { authorization: `Bearer ${TOKEN}` } })).status).toBe(503);
  });

  it('gives a cookie that no script reads and no other site sends, made anew at each sign-in', async () => {
    const chosen = 'mailwarden_session=chosen-by-the-attacker-beforehand';
    const { setCookie, cookie } = await doors.signIn({ name: 'viewer', password: PASSWORD }, { headers: { cookie: chosen } });
    expect(setCookie).toMatch(/HttpOnly/);
    expect(setCookie).toMatch(/SameSite=Strict/);
    expect(setCookie).toMatch(/Path=\//);
    expect(setCookie).not.toMatch(/Domain=/);
    expect(cookie).not.toBe(chosen);
    expect((await doors.knock(`${API}/me`, { headers: { cookie: chosen } })).status).toBe(401);
    const again = await doors.signIn({ name: 'viewer', password: PASSWORD }, { headers: { cookie } });
    expect(again.cookie).not.toBe(cookie);
  });

  it('ends a session at sign-out, and all others of a person at a new password', async () => {
    const [one, two] = [await doors.signIn({ name: 'operator', password: PASSWORD }), await doors.signIn({ name: 'operator', password: PASSWORD })];
    const head = (session: Session): Record<string, string> => ({ cookie: session.cookie, 'x-csrf-token': session.csrf });
    expect((await doors.json(`${API}/me/password`, { password: PASSWORD }, { headers: head(two) })).status).toBe(200);
    expect((await doors.knock(`${API}/me`, { headers: head(one) })).status).toBe(401);
    expect((await doors.knock(`${API}/session`, { method: 'DELETE', headers: head(two) })).status).toBe(200);
    expect((await doors.knock(`${API}/me`, { headers: head(two) })).status).toBe(401);
    sessions.set('operator', await doors.signIn({ name: 'operator', password: PASSWORD }));
  });

  it('ends the stream of updates with the session that opened it', async () => {
    const [mine, other] = [await doors.signIn({ name: 'operator', password: PASSWORD }), await doors.signIn({ name: 'operator', password: PASSWORD })];
    const head = (session: Session): Record<string, string> => ({ cookie: session.cookie, 'x-csrf-token': session.csrf });
    const [ofMine, ofOther] = await Promise.all([mine, other].map((session) => doors.open(`${API}/stream`, { cookie: session.cookie })));
    expect([ofMine?.status, ofOther?.status]).toEqual([200, 200]);
    await doors.knock(`${API}/session`, { method: 'DELETE', headers: head(mine) });
    await ofMine?.ended;
    // A new password, set in a third session, ends all others.
    const third = await doors.signIn({ name: 'operator', password: PASSWORD });
    await doors.json(`${API}/me/password`, { password: PASSWORD }, { headers: head(third) });
    await ofOther?.ended;
    sessions.set('operator', third);
  });

  it('lets a one-time link in once, however many use it at the same time', async () => {
    const link = await doors.newLink();
    const answers = await Promise.all(Array.from({ length: 8 }, (_, one) => doors.json(`${API}/session`, { link }, { from: `127.0.1.${one + 1}` })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401, 401, 401, 401, 401]);
    expectProblem(await doors.json(`${API}/session`, { link }, { from: '127.0.1.9' }), 401);
  });

  it('lets a person in by a link of their own, and nobody but an administrator says whom', async () => {
    for (const role of ROLES) if (role !== 'administrator') for (const [path, method, body] of [['operators', 'GET', undefined], ['operators', 'POST', '{"name":"eve","role":"administrator"}'], ['operators/operator', 'DELETE', undefined]] as const) expect((await doors.knock(`${API}/${path}`, { method, headers: { ...as(role), ...(body === undefined ? {} : { 'content-type': 'application/json' }) }, ...(body === undefined ? {} : { body }) })).status).toBe(403);
    const add = (body: object): Promise<Answer> => doors.json(`${API}/operators`, body, { headers: as('administrator') });
    for (const body of [{ name: 'Jane Doe', role: 'operator' }, { name: 'jane', role: 'root' }, { name: '', role: 'operator' }, { name: 'jane' }]) expectProblem(await add(body), 400);
    expectProblem(await add({ name: 'administrator', role: 'viewer' }), 409);
    const linkOf = ({ text }: Answer): string => (JSON.parse(text) as { link: string }).link.replace('/sign-in#link=', '');
    const [older, link] = [linkOf(await add({ name: 'jane.doe', role: 'viewer' })), linkOf(await add({ name: 'jane.doe', role: 'operator' }))];
    expectProblem(await doors.json(`${API}/session`, { link: older }, { from: '127.0.7.1' }), 401);
    const jane = await doors.signIn({ link }, { from: '127.0.7.2' });
    expectProblem(await doors.json(`${API}/session`, { link }, { from: '127.0.7.3' }), 401);
    const me = async (): Promise<Answer> => doors.knock(`${API}/me`, { headers: { cookie: jane.cookie } });
    expect(JSON.parse((await me()).text)).toMatchObject({ name: 'jane.doe', role: 'operator' });
    expect((await doors.json(`${API}/me/password`, { password: PASSWORD }, { headers: { cookie: jane.cookie, 'x-csrf-token': jane.csrf } })).status).toBe(200);
    expect(JSON.parse((await doors.knock(`${API}/operators`, { headers: as('administrator') })).text)).toMatchObject({ operators: expect.arrayContaining([{ name: 'jane.doe', role: 'operator', hasPassword: true, linkUntil: null }]) });
    const remove = (): Promise<Answer> => doors.knock(`${API}/operators/jane.doe`, { method: 'DELETE', headers: as('administrator') });
    expect((await remove()).status).toBe(200);
    expect((await me()).status).toBe(401);
    expectProblem(await doors.json(`${API}/session`, { name: 'jane.doe', password: PASSWORD }, { from: '127.0.7.4' }), 401);
    expectProblem(await remove(), 404);
  });

  it('takes the command line of the machine and the link that it prints for one person', async () => {
    const byToken = await doors.knock(`${API}/me`, { headers: { authorization: `Bearer ${TOKEN}` } });
    const byLink = await doors.signIn({ link: await doors.newLink() }, { from: '127.0.7.5' });
    expect((JSON.parse(byToken.text) as { name: string }).name).toBe((JSON.parse((await doors.knock(`${API}/me`, { headers: { cookie: byLink.cookie } })).text) as { name: string }).name);
  });

  it('makes whoever guesses wait, whatever names and forwarded addresses are told', async () => {
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 12; attempt += 1) {
      const { status } = await doors.json(`${API}/session`, { name: `guess-${attempt}`, password: 'wrong password' }, { from: '127.0.2.1', headers: { 'x-forwarded-for': `192.0.2.${attempt}`, forwarded: `for=192.0.2.${attempt}`, 'x-real-ip': `192.0.2.${attempt}` } });
      statuses.push(status);
    }
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429]);
    const right = await doors.json(`${API}/session`, { name: 'viewer', password: PASSWORD }, { from: '127.0.2.1' });
    expectProblem(right, 429);
    expect(Number(right.headers['retry-after'])).toBeGreaterThan(0);
    const hurried = await Promise.all(Array.from({ length: 30 }, (_, one) => doors.json(`${API}/session`, { name: `hurried-${one}`, password: 'wrong password' }, { from: '127.0.2.2' })));
    expect(hurried.filter(({ status }) => status === 401)).toHaveLength(10);
  });

  it.each(['/..%2fsecret.txt', '/%2e%2e/secret.txt', '/../secret.txt', '/assets/..%2f..%2fsecret.txt', '/assets/../../secret.txt', '/..%5csecret.txt', '/assets/%2e%2e%2f%2e%2e%2fsecret.txt', '//secret.txt', '/./../secret.txt', '/%00', '/index.html%00.png', '/secret.txt%00', '/..;/secret.txt', '/%252e%252e/secret.txt', '///', '//', '/\\secret.txt', '/%', '/%zz', '/%ff%fe', '//evil.example/%2f..', LONG])('serves nothing but the console from %.60s', async (path) => {
    const answer = await doors.knock(path);
    expect(answer.text).not.toContain('the secret');
    expect(answer.status).toBeLessThan(500);
    expect(answer.headers.location).toBeUndefined();
    if (answer.status !== 200) expectProblem(answer);
    else expect(answer.text).toContain('<title>console</title>');
  });

  it('opens no guarded route by another spelling', async () => {
    for (const path of ['/api/v1/fleet/', '//api/v1/fleet', '/api//v1/fleet', '/API/v1/fleet', '/api/v1/fleet%00', '/api/v1/./fleet', '/x/../api/v1/fleet', '/api/v1/fleet;x=1', '/api/v1/%66leet', '/api%2fv1%2ffleet', '/api/v1/fleet?', '/api/v1/fleet#x']) {
      const { status, text } = await doors.knock(path);
      expect(status === 200 && !text.includes('<title>console</title>') ? path : 'shut').toBe('shut');
    }
    for (const headers of [{ 'x-http-method-override': 'GET' }, { 'x-original-url': '/healthz' }, { 'x-rewrite-url': '/healthz' }]) expect((await doors.knock(`${API}/fleet`, { headers })).status).toBe(401);
  });

  it('tells its rules to the browser with every answer, and lets no other origin read', async () => {
    for (const path of ['/', '/healthz', `${API}/me`, '/nothing.txt', `${API}/fleet`]) {
      const { headers } = await doors.knock(path, { headers: { origin: 'https://evil.example', ...(path.endsWith('fleet') ? as('viewer') : {}) } });
      const csp = headers['content-security-policy'] ?? '';
      expect(csp).toContain("default-src 'none'");
      expect(csp).toContain("script-src 'self'");
      expect(csp).not.toMatch(/script-src[^;]*unsafe/);
      expect(csp).toContain("frame-ancestors 'none'");
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'cross-origin-opener-policy': 'same-origin', 'cross-origin-resource-policy': 'same-origin' });
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control-') || name === 'x-powered-by' || name === 'server')).toEqual([]);
    }
    const asked = await doors.knock(`${API}/fleet`, { method: 'OPTIONS', headers: { origin: 'https://evil.example', 'access-control-request-method': 'GET' } });
    expect(asked.status).toBe(404);
    expect(Object.keys(asked.headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
  });

  it('lets no cache keep what it told of the fleet, and lets the console\'s own files be kept', async () => {
    expect((await doors.knock('/assets/app-1.js')).headers['cache-control']).toContain('immutable');
    expect((await doors.knock('/')).headers['cache-control']).toBe('no-cache');
    for (const path of ['/fleet', '/me', '/findings', '/events', '/trust']) expect(`${path} ${(await doors.knock(`${API}${path}`, { headers: as('viewer') })).headers['cache-control']}`).toBe(`${path} no-store`);
  });

  it('refuses what is no request of its own, without a word about its insides', async () => {
    const change = { method: 'POST', headers: { ...as('administrator'), 'content-type': 'application/json' } };
    const path = `${API}/consents/decisions`;
    expectProblem(await doors.knock(path, { ...change, body: 'x'.repeat(1_100_000) }), 413);
    for (const body of ['{', '', 'null', '[]', '"x"', '{"agreement":', `${'['.repeat(5_000)}${']'.repeat(5_000)}`, `{"a":${'{"a":'.repeat(5_000)}1${'}'.repeat(5_001)}`, '{"__proto__":{"role":"administrator"}}', '{"constructor":{"prototype":{"x":1}}}', JSON.stringify({ ...DECISION, agreement: '__proto__' })]) expectProblem(await doors.knock(path, { ...change, body }), 400);
    expectProblem(await doors.knock(path, { ...change, body: Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]) }), 400);
    for (const type of ['text/plain', 'application/xml', 'multipart/form-data; boundary=x', 'application/x-www-form-urlencoded']) expectProblem(await doors.knock(path, { ...change, headers: { ...change.headers, 'content-type': type }, body: JSON.stringify(DECISION) }), 415);
    expect(await doors.raw('RUBBISH\r\n\r\n')).toMatch(/^HTTP\/1\.1 400/);
    const smuggled = await doors.raw(`POST ${API}/session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET ${API}/fleet HTTP/1.1\r\n\r\n`);
    expect(smuggled).toMatch(/^HTTP\/1\.1 400/);
    expect(smuggled).not.toMatch(INTERNALS);
  });

  it('answers rubbish in a query with what is wrong, and never with more than a page', async () => {
    for (const list of ['/findings', '/rotations', '/events']) {
      for (const query of ['limit=0', 'limit=-1', 'limit=501', 'limit=1e9', 'limit=9999999999999999999', 'limit=x', 'limit=1&limit=2', 'after=-1', 'after=%00', 'after=x', `after=${'9'.repeat(199)}`, 'after=WyIyMDI2LTAxLTAxVDAwOjAwOjAwWiIsInh4Il0']) {
        const answer = await doors.knock(`${API}${list}?${query}`, { headers: as('viewer') });
        expect(`${list}?${query} ${answer.status}`).toBe(`${list}?${query} 400`);
        expectProblem(answer);
      }
      for (const query of ['server=%27%20OR%201%3D1--', 'server=%00', 'server=mx-1&server=mx-2', '__proto__[x]=1', 'constructor=1', 'limit[]=1', 'severity=high%00', 'state=%F0%9F%98%80']) {
        const answer = await doors.knock(`${API}${list}?${query}`, { headers: as('viewer') });
        expect(`${list}?${query} ${answer.status}`).toMatch(/ (?:200|400)$/);
        expect(answer.text).not.toMatch(INTERNALS);
      }
    }
    for (const path of ['/servers/%00', '/servers/..%2f..', '/servers/__proto__', '/findings/x', '/findings/%00', '/rotations/%27', '/rotations/00000000-0000-4000-8000-000000000000', '/findings/00000000-0000-4000-8000-000000000000']) {
      const answer = await doors.knock(`${API}${path}`, { headers: as('viewer') });
      expect(`${path} ${answer.status}`).toMatch(/ 40[04]$/);
      expectProblem(answer);
    }
  });

  it('answers only to names of its own, so that no page of another site can be pointed here', async () => {
    const { port } = doors.url;
    for (const host of [`evil.example:${port}`, 'evil.example', 'localhost.evil.example', '127.0.0.1.nip.example', '0.0.0.0', '127.0.0.2', `evil.example:${port}@127.0.0.1`, '[::1]', 'console.mail.example.evil.example', '%6cocalhost', 'x'.repeat(5_000)]) {
      for (const path of ['/', '/healthz', `${API}/me`, `${API}/stream`]) {
        const answer = await doors.knock(path, { headers: { host, ...as('administrator') } });
        expect(`${host.slice(0, 60)} ${path} ${answer.status}`).toBe(`${host.slice(0, 60)} ${path} 421`);
        expectProblem(answer);
      }
    }
    for (const host of [`127.0.0.1:${port}`, '127.0.0.1', `localhost:${port}`, 'LOCALHOST', 'console.mail.example', `other.example:${port}`]) expect(`${host} ${(await doors.knock(`${API}/me`, { headers: { host, ...as('viewer') } })).status}`).toBe(`${host} 200`);
    expectProblem(await doors.knock(`${API}/me`, { headers: { host: `evil.example:${port}`, 'x-forwarded-host': 'localhost', ...as('viewer') } }), 421);
    expect(await doors.raw(`GET ${API}/me HTTP/1.1\r\n\r\n`)).toMatch(/^HTTP\/1\.1 4/);
    expect(await doors.raw(`GET ${API}/me HTTP/1.1\r\nHost: \r\nConnection: close\r\n\r\n`)).toMatch(/^HTTP\/1\.1 421/);
    expect(await doors.raw(`GET ${API}/me HTTP/1.0\r\n\r\n`)).toMatch(/^HTTP\/1\.1 421/);
    expect(await doors.raw(`GET ${API}/me HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n`)).toMatch(/^HTTP\/1\.1 4/);
  });

  it('is alive after all that', async () => {
    expect((await doors.knock('/readyz')).status).toBe(200);
    expect((await doors.knock(`${API}/me`, { headers: as('viewer') })).status).toBe(200);
  });
});
