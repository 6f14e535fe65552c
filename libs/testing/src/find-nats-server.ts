import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The broker's program: the one that `bin/` provisioned, else one from PATH. Errors: throws with what to do. */
export function findNatsServer(): string {
  const workspace = new URL('../../../', import.meta.url).pathname;
  const places = [
    process.env['MAILWARDEN_NATS_SERVER'] ?? '',
    join(workspace, '.tools/nats/usr/sbin/nats-server'),
    join(workspace, '.tools/nats/usr/bin/nats-server'),
    ...(process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'nats-server')),
  ];
  for (const place of places) {
    try {
      if (place === '') continue;
      accessSync(place, constants.X_OK);
      return place;
    } catch {
      continue;
    }
  }
  throw new Error('no nats-server was found; bin/test fetches one, or set MAILWARDEN_NATS_SERVER to its path');
}
