import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Role } from '../http/route.js';

/** Who asks, as the guard found out. */
export interface Principal {
  readonly name: string;
  readonly role: Role;
  /** Token that changes must carry in a header; empty for the command line, which no other page can make send its token. */
  readonly csrf: string;
  /** Hash of the session, or null for the command line. */
  readonly session: string | null;
}

const principals = new WeakMap<object, Principal>();

/** Kept beside the request, so that nothing that a client sends can pass for it. */
export const rememberPrincipal = (request: FastifyRequest, principal: Principal): void => void principals.set(request, principal);
export const principalOf = (request: FastifyRequest): Principal => {
  const principal = principals.get(request);
  if (principal === undefined) throw new Error('a guarded handler ran without a principal');
  return principal;
};

/** Injects who asks. */
export const Asker = createParamDecorator((_: unknown, context: ExecutionContext): Principal => principalOf(context.switchToHttp().getRequest<FastifyRequest>()));
