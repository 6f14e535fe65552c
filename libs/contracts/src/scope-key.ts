import type { ConsentScope } from './consent.js';

/** Key of a scope in the consent bucket: `organisation`, `group.role=mx`, `server.mx-1`. A label's dots are kept as `_2E`, so a scope stays one path. */
export function scopeKey(scope: ConsentScope): string {
  switch (scope.kind) {
    case 'organisation':
      return 'organisation';
    case 'group':
      return `group.${scope.label.replaceAll('.', '_2E')}=${scope.value.replaceAll('.', '_2E')}`;
    case 'server':
      return `server.${scope.server}`;
  }
}

/** The scopes that one server belongs to, widest first. */
export function scopesOf(server: string, labels: Readonly<Record<string, string>>): ConsentScope[] {
  return [
    { kind: 'organisation' },
    ...Object.entries(labels).map(([label, value]): ConsentScope => ({ kind: 'group', label, value })),
    { kind: 'server', server: server as Extract<ConsentScope, { kind: 'server' }>['server'] },
  ];
}
