import { join, resolve } from 'node:path';
import { readGuardedBytes } from '@mailwarden/config';
import { problem, ROUTES, type RouteName } from '@mailwarden/contracts';
import { z } from 'zod';
import { requireOwnDataFolder } from './commands/own-data-folder.js';
import { CommandFailure } from './failure.js';

/** Where the console of a local runtime answers, written by `mailwarden up`. */
const runtimeAddress = z.object({ url: z.string().url() });
export const ADDRESS_FILE = 'address.json';
export const TOKEN_FILE = 'cli-token';
/** Both are a line. Units: bytes. */
const FILE_BYTES_MAX = 4_096;
const ANSWER_TIMEOUT_MS = 15_000;
/** A file of a large fleet takes longer. Units: milliseconds. */
const DOWNLOAD_TIMEOUT_MS = 600_000;
/** More pages than a person reads; keeps a list of a large fleet from going on for ever. */
const PAGES_MAX = 100;
const REFUSED_INPUT = new Set([400, 409, 422]);

type Reply<N extends RouteName> = z.output<(typeof ROUTES)[N]['reply']>;
type PagedRoute = 'findings' | 'rotations' | 'deadLetters';
interface Request {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
}

/** Speaks to the reporting service of a runtime as its local operator. */
export class ApiClient {
  private constructor(
    private readonly url: string,
    private readonly token: string,
    private readonly dataDir: string,
  ) {}

  /** Errors: CommandFailure when the data folder is not the caller's own, nothing runs with it, or its token cannot be read. */
  static async forRuntime(dataDir: string): Promise<ApiClient> {
    requireOwnDataFolder(resolve(dataDir));
    const textOf = async (name: string, readers: 'anyone' | 'owner'): Promise<string> => (await readGuardedBytes(join(dataDir, name), FILE_BYTES_MAX, readers)).toString('utf8');
    try {
      const address = runtimeAddress.parse(JSON.parse(await textOf(ADDRESS_FILE, 'anyone')));
      const token = (await textOf(TOKEN_FILE, 'owner')).trim();
      return new ApiClient(address.url, token, dataDir);
    } catch (cause) {
      throw new CommandFailure(`nothing runs with the data folder ${dataDir}`, 'start it with: mailwarden up --detach, or name another folder with --data', [], { cause });
    }
  }

  /** The whole address of a page of the console. */
  addressOf = (path: string): string => `${this.url}${path}`;

  /** Asks one route. Errors: CommandFailure with the service's own words. */
  async ask<N extends RouteName>(name: N, request: Request = {}): Promise<Reply<N>> {
    const response = await this.#send(name, request);
    const body: unknown = await response.json();
    if (!response.ok) throw this.#failureOf(response.status, body);
    const parsed = ROUTES[name].reply.safeParse(body);
    if (!parsed.success) throw new CommandFailure('the service answered in a form that this version does not know', 'use a command line of the same version', [], { cause: parsed.error });
    return parsed.data as Reply<N>;
  }

  /** Every page of a list, as one. A list that is longer than the bound keeps where to go on in `next`. */
  async askAll<N extends PagedRoute>(name: N, query: Readonly<Record<string, string | undefined>> = {}): Promise<Reply<N>> {
    const first = await this.ask(name, { query });
    const items: unknown[] = [...first.items];
    let { next } = first;
    for (let pages = 1; next !== null && pages < PAGES_MAX; pages += 1) {
      const page = await this.ask(name, { query: { ...query, after: next } });
      items.push(...page.items);
      next = page.next;
    }
    return { items, next } as Reply<N>;
  }

  /** What a route gives as a file, piece by piece. Errors: CommandFailure with the service's own words. */
  async download(name: RouteName, query: Readonly<Record<string, string>>): Promise<AsyncIterable<Uint8Array>> {
    const response = await this.#send(name, { query }, DOWNLOAD_TIMEOUT_MS);
    if (!response.ok || response.body === null) throw this.#failureOf(response.status, await response.json().catch(() => null));
    return response.body;
  }

  /** Lines of the live stream until the caller stops. */
  async *live(signal: AbortSignal): AsyncGenerator<string> {
    const response = await fetch(`${this.url}/api/v1${ROUTES.stream.path}`, { headers: { authorization: `Bearer ${this.token}` }, signal });
    if (!response.ok || response.body === null) throw new CommandFailure(`the live stream answered ${response.status}`, `see: ${this.#status}`);
    let rest = '';
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line.startsWith('data: ')) yield line.slice('data: '.length);
    }
  }

  get #status(): string {
    return `mailwarden status --data ${this.dataDir}`;
  }

  #failureOf(status: number, body: unknown): CommandFailure {
    const told = problem.safeParse(body);
    return new CommandFailure(told.success ? told.data.detail.replaceAll(/[✖→]\s*/g, '').replaceAll(/\s*\n\s*/g, ' ') : `the service answered ${status}`, this.#adviceFor(status));
  }

  #adviceFor(status: number): string {
    if (status === 404) return 'check the name';
    return REFUSED_INPUT.has(status) ? 'nothing was changed; mend what you typed and try again' : `see: ${this.#status}`;
  }

  async #send(name: RouteName, request: Request, timeoutMs = ANSWER_TIMEOUT_MS): Promise<Response> {
    const route = ROUTES[name];
    const path = route.path.replaceAll(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(request.params?.[key] ?? ''));
    const query = new URLSearchParams(Object.entries(request.query ?? {}).filter((pair): pair is [string, string] => pair[1] !== undefined));
    const init: RequestInit = {
      method: route.method,
      headers: { authorization: `Bearer ${this.token}`, ...(request.body === undefined ? {} : { 'content-type': 'application/json' }) },
      signal: AbortSignal.timeout(timeoutMs),
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    };
    try {
      return await fetch(`${this.url}/api/v1${path}${query.size > 0 ? `?${query.toString()}` : ''}`, init);
    } catch (cause) {
      throw new CommandFailure(`the reporting service at ${this.url} does not answer`, `see how it is with: ${this.#status}; where nothing runs, start it with: mailwarden up --data ${this.dataDir}`, [], { cause });
    }
  }
}
