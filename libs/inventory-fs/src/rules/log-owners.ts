import type { RotationRule } from '@mailwarden/contracts';
import type { BytePath } from '@mailwarden/inventory';
import type { Host } from '../host.js';
import { hostRules } from './host-rules.js';
import { rulesOfStore } from './store-rules.js';

/** Who besides this product rotates the logs of a host. */
export interface LogOwners {
  /** By path: the rules of other programs that take the file in, as far as they could be read. */
  readonly rulesOf: (path: BytePath) => readonly RotationRule[];
  /** Where rules are that could not be read: a log without a known rule may have one there. */
  readonly unread: readonly string[];
}

/** Reads the host's own rules of rotation, and says of each file which of them take it in. */
export async function logOwners(host: Host): Promise<LogOwners> {
  const rules = await hostRules(host);
  return { rulesOf: (path) => rulesOfStore(rules, { files: [path], exclude: [] }, { files: [path], journal: false }), unread: rules.unread.map(({ source }) => source) };
}
