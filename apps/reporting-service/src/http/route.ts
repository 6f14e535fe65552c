import { operatorRole, ROUTES, type MeView, type RouteName } from '@mailwarden/contracts';
import { applyDecorators, Delete, Get, HttpCode, Post, SetMetadata } from '@nestjs/common';
import type { z } from 'zod';

export const API_PREFIX = '/api/v1';
export type Role = MeView['role'];
/** What a route answers, by the contract. */
export type Reply<N extends RouteName> = z.output<(typeof ROUTES)[N]['reply']>;

export const ROUTE_KEY = 'mailwarden:route';
export const PUBLIC_KEY = 'mailwarden:public';
export const ROLES_KEY = 'mailwarden:roles';

/** Who may only look, and who may change what. Every role may read. */
export const EVERY_ROLE: readonly Role[] = operatorRole.options;
/** Who may change what rotates and decide about it. */
export const OPERATING_ROLES: readonly Role[] = ['operator', 'privacy-officer', 'administrator'];

/** Who looks after the bus itself. */
export const TENDING_ROLES: readonly Role[] = ['operator', 'administrator'];

const VERBS = { GET: Get, POST: Post, DELETE: Delete } as const;

/** Path of a contract's route as the router writes it: `{name}` becomes `:name`. */
export const routerPath = (name: RouteName): string => `${API_PREFIX}${ROUTES[name].path.replaceAll(/\{(\w+)\}/g, ':$1')}`;

/**
 * Serves one route of the contract, under its own method and path.
 * Safety: without `roles` only those who may read get in; the guard refuses a handler that has neither this nor `Public`.
 */
export const Route = (name: RouteName, roles: readonly Role[] = EVERY_ROLE): MethodDecorator =>
  applyDecorators(VERBS[ROUTES[name].method](routerPath(name)), HttpCode(200), SetMetadata(ROUTE_KEY, name), SetMetadata(ROLES_KEY, roles));

/** Marks what anyone may reach: sign-in, health and the console's own files. Safety: the guard test lists every use. */
export const Public = (): MethodDecorator => SetMetadata(PUBLIC_KEY, true);
