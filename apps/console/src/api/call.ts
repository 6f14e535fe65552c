import { problem, ROUTES, type RouteName } from '@mailwarden/contracts';
import { addressOf, type AddressParts } from './address.js';
import { failureOf, nobodyAnswered, unreadable } from './failure.js';
import { csrfToken } from './session.js';

/** What a route answers, by the contract. */
export type Reply<N extends RouteName> = ReturnType<(typeof ROUTES)[N]['reply']['parse']>;

interface CallParts extends AddressParts {
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

async function bodyOf(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    return null;
  }
}

/** Calls one route of the contract and parses the answer. Errors: throws `ApiFailure`. */
export async function call<N extends RouteName>(name: N, { body, signal, ...parts }: CallParts = {}): Promise<Reply<N>> {
  const { method, path, reply } = ROUTES[name];
  const headers: Record<string, string> = { accept: 'application/json' };
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (method !== 'GET') headers['x-csrf-token'] = csrfToken();
  let response: Response;
  try {
    response = await fetch(addressOf(path, parts), { method, headers, credentials: 'same-origin', body: body === undefined ? null : JSON.stringify(body), signal: signal ?? null });
  } catch (cause) {
    if (signal?.aborted === true) throw cause;
    throw nobodyAnswered();
  }
  const answered = await bodyOf(response);
  if (!response.ok) {
    const said = problem.safeParse(answered);
    throw failureOf(response.status, said.success ? said.data : null);
  }
  const parsed = reply.safeParse(answered);
  if (!parsed.success) throw unreadable(`${method} ${path}`);
  return parsed.data as Reply<N>;
}
