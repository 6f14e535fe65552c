import { REGION_LABEL, type ConsentScope, type ServerRow } from '@mailwarden/contracts';

/** A scope for people: `the whole organisation`, `servers with role=mx`, `server mx-1`. */
export function scopeWords(scope: ConsentScope): string {
  switch (scope.kind) {
    case 'organisation':
      return 'the whole organisation';
    case 'group':
      return `servers with ${scope.label}=${scope.value}`;
    case 'server':
      return `server ${scope.server}`;
  }
}

/** The servers that a decision of a scope would reach. */
export const serversIn = (scope: ConsentScope, servers: readonly ServerRow[]): ServerRow[] =>
  servers.filter((row) => scope.kind === 'organisation' || (scope.kind === 'group' ? row.labels[scope.label] === scope.value : row.server === scope.server));

/** Every label value of the fleet once, as `role=mx`. */
export const groupsOf = (servers: readonly ServerRow[]): string[] => [...new Set(servers.flatMap((row) => Object.entries(row.labels).map(([label, value]) => `${label}=${value}`)))].sort();

/** Every region that a server says it is in. */
export const regionsOf = (servers: readonly ServerRow[]): string[] => [...new Set(servers.flatMap((row) => row.labels[REGION_LABEL] ?? []))].sort();

/** A scope from what the form holds. Null while it is not chosen. */
export function scopeFrom(kind: ConsentScope['kind'], chosen: string): ConsentScope | null {
  if (kind === 'organisation') return { kind };
  if (chosen === '') return null;
  if (kind === 'server') return { kind, server: chosen as ServerRow['server'] };
  const cut = chosen.indexOf('=');
  return cut < 1 ? null : { kind, label: chosen.slice(0, cut), value: chosen.slice(cut + 1) };
}
