import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { dropStateFile, readStateFile, stateFolder, writeStateFile } from '@mailwarden/config';
import { accountIn } from '@mailwarden/rotation-fs';

const SUFFIX = '.json';
/** An order of a thousand holds is far smaller. Units: bytes. */
const ORDER_BYTES_MAX = 4_000_000;

const ordersIn = (stateDir: string): string => stateFolder(join(stateDir, 'orders'));

/**
 * Keeps an order as it was signed until it is accounted for: what was begun can then be brought to its end when nobody gives the order any more.
 * Errors: throws when it cannot be made to last; then nothing must be begun.
 */
export function keepOrder(stateDir: string, id: string, document: unknown): void {
  const bytes = Buffer.from(JSON.stringify(document));
  if (readStateFile(ordersIn(stateDir), `${id}${SUFFIX}`, ORDER_BYTES_MAX)?.equals(bytes) !== true) writeStateFile(ordersIn(stateDir), `${id}${SUFFIX}`, bytes);
}

/** Null where none is kept. It is not trusted for lying here: its signature is checked as on the first day. Errors: throws when it cannot be read. */
export function keptOrder(stateDir: string, id: string): unknown {
  const bytes = readStateFile(ordersIn(stateDir), `${id}${SUFFIX}`, ORDER_BYTES_MAX);
  return bytes === null ? null : JSON.parse(bytes.toString('utf8'));
}

export const forgetOrder = (stateDir: string, id: string): void => dropStateFile(ordersIn(stateDir), `${id}${SUFFIX}`);

/** Forgets what a crash left behind after the account was written. */
export function forgetFinished(stateDir: string, journalDir: string): void {
  for (const name of readdirSync(ordersIn(stateDir)).filter((candidate) => candidate.endsWith(SUFFIX))) {
    const id = name.slice(0, -SUFFIX.length);
    if (isFinished(journalDir, id)) forgetOrder(stateDir, id);
  }
}

/** A journal that cannot be read tells of no end. */
function isFinished(journalDir: string, id: string): boolean {
  try {
    return accountIn(journalDir, id) !== null;
  } catch {
    return false;
  }
}
