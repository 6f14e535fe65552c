import type { RotationView, ServerRow } from '@mailwarden/contracts';
import { parseServerName, type ServerName } from '@mailwarden/kernel';
import { CommandFailure } from '../failure.js';

const NAMES_TOLD = 8;

/** Names for an error line, not more than can be read. */
export const someNames = (names: readonly string[]): string => (names.length <= NAMES_TOLD ? names.join(', ') : `${names.slice(0, NAMES_TOLD).join(', ')} and ${names.length - NAMES_TOLD} more`);

/** A server's name that the fleet knows. Errors: CommandFailure, since a mistyped name must not read as "nothing found" nor take a decision that reaches nobody. */
export function knownServer(servers: readonly Pick<ServerRow, 'server'>[], typed: string): ServerName {
  const parsed = parseServerName(typed);
  const found = parsed.ok && servers.some(({ server }) => server === parsed.value);
  if (parsed.ok && found) return parsed.value;
  throw new CommandFailure(`no server of this fleet is called ${typed}`, servers.length === 0 ? 'no server is enrolled yet' : `it has: ${someNames(servers.map(({ server }) => server))}`);
}

const ID = /^[0-9a-f-]{4,36}$/;

/** The one order whose id begins as typed: the console shows eight characters of it. Errors: CommandFailure when it is none, or not only one. */
export function orderByStart(rotations: readonly Pick<RotationView, 'order'>[], typed: string): string {
  const start = typed.toLowerCase();
  const ids = ID.test(start) ? rotations.map(({ order }) => order.id as string).filter((id) => id.startsWith(start)) : [];
  const [id, other] = ids;
  if (id === undefined) throw new CommandFailure(`no order begins with ${typed}`, 'see: mailwarden orders; four characters of an id suffice where they are its own');
  if (other !== undefined) throw new CommandFailure(`${ids.length} orders begin with ${typed}`, `give more of it: ${someNames(ids)}`);
  return id;
}
