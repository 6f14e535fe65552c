import type { Problem } from '@mailwarden/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';

const HOST_HEADER = /^(?:\[([0-9a-f:.]{2,45})\]|([a-z0-9.-]{1,253}))(?::\d{1,5})?$/i;
const IPV4_AS_IPV6 = '::ffff:';
const LOCALHOST = 'localhost';

const MISDIRECTED: Problem = {
  type: 'about:blank',
  title: 'Not this host',
  status: 421,
  detail: 'The request names a host that this service does not answer for. Use its own address, or add the name to MAILWARDEN_HTTP_NAMES.',
};

/** Name that a request was sent to, without its port; null when there is none or it is no host. */
export function hostNamed(header: string | undefined): string | null {
  const [, address, name] = HOST_HEADER.exec(header ?? '') ?? [];
  return (address ?? name ?? null)?.toLowerCase() ?? null;
}

/**
 * The names that the service answers to: the address that the connection came to, `localhost`, and those of its settings.
 * Safety: a page of another site can give its own name the address of this machine and would then count, for the browser, as one with this service; the name that it must send along gives it away.
 */
export class OwnNames {
  readonly #names: ReadonlySet<string>;

  constructor(listed: string) {
    const names = listed.split(',').map((name) => name.trim().toLowerCase());
    this.#names = new Set([LOCALHOST, ...names.filter((name) => name !== '')]);
  }

  include(header: string | undefined, localAddress: string | undefined): boolean {
    const host = hostNamed(header);
    if (host === null) return false;
    const own = localAddress?.startsWith(IPV4_AS_IPV6) === true ? localAddress.slice(IPV4_AS_IPV6.length) : localAddress;
    return this.#names.has(host) || host === own;
  }

  /** Stands before every answer, those of the web server itself among them. */
  readonly guard = (request: FastifyRequest, reply: FastifyReply, next: () => void): void => {
    if (this.include(request.headers.host, request.socket.localAddress)) return next();
    void reply.status(MISDIRECTED.status).type('application/problem+json').send(MISDIRECTED);
  };
}
