import type { ConsentScope } from '@mailwarden/contracts';

/** A scope in words. */
export const scopeText = (scope: ConsentScope): string => (scope.kind === 'organisation' ? 'the organisation' : scope.kind === 'server' ? `server ${scope.server}` : `servers with ${scope.label}=${scope.value}`);
