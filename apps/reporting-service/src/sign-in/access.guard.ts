import { sha256 } from '@mailwarden/kernel';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { forbidden, notSignedIn } from '../http/api-problem.js';
import { PUBLIC_KEY, ROLES_KEY, type Role } from '../http/route.js';
import { LocalToken } from './local-token.js';
import { rememberPrincipal, type Principal } from './principal.js';
import { sameSecret } from './one-time-link.js';
import { FIRST_OPERATOR } from './operator-book.js';
import { SessionBook } from './session-book.js';

export const SESSION_COOKIE = 'mailwarden_session';
export const CSRF_HEADER = 'x-csrf-token';
const READING = new Set(['GET', 'HEAD']);

/**
 * Stands before every handler: nobody gets in without a session or the local token, and no change without its token in a header.
 * Safety: a handler without declared roles is refused, so that forgetting to think of one closes the door.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly sessions: SessionBook,
    private readonly localToken: LocalToken,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const handler = context.getHandler();
    if (this.reflector.get<boolean | undefined>(PUBLIC_KEY, handler) === true) return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const principal = await this.#principal(request);
    if (principal === null) throw notSignedIn();
    const roles = this.reflector.get<readonly Role[] | undefined>(ROLES_KEY, handler);
    if (roles?.includes(principal.role) !== true) throw forbidden(`This needs the role ${roles?.join(' or ') ?? 'of nobody'}; you are ${principal.role}.`);
    this.#requireOwnPage(request, principal);
    rememberPrincipal(request, principal);
    return true;
  }

  async #principal(request: FastifyRequest): Promise<Principal | null> {
    const bearer = /^Bearer (\S{16,200})$/.exec(request.headers.authorization ?? '')?.[1];
    if (bearer !== undefined) return (await this.localToken.holds(bearer)) ? { ...FIRST_OPERATOR, csrf: '', session: null } : null;
    const token = request.cookies[SESSION_COOKIE];
    return token === undefined ? null : this.sessions.find(token);
  }

  /** A change by cookie must come from our own page: another site can send the cookie along, but not read the token. */
  #requireOwnPage(request: FastifyRequest, principal: Principal): void {
    if (READING.has(request.method) || principal.session === null) return;
    const given = request.headers[CSRF_HEADER];
    if (typeof given !== 'string' || !sameSecret(sha256(given), sha256(principal.csrf))) throw forbidden('The request did not come from the console itself; reload the page.');
  }
}
