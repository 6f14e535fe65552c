import { rotateDocument, type RotateDocument } from '../../apps/cli/src/output/rotate-json.js';
import type { RunningServer } from '../../scripts/mail-server/running-server.ts';
import { mailwardenInside } from '../../scripts/mail-server/shown-product.ts';

/** What one retention policy of a suite says, besides that it enforces without bounds. */
export interface Wanted {
  readonly store: `${string}/${string}`;
  readonly limits: string;
  /** Further members, one a line. */
  readonly more?: readonly string[];
}

const POLICY_FILE = '/etc/mailwarden-suite-policy.yaml';

const policyText = ({ store, limits, more = [] }: Wanted): string =>
  ['schema: mailwarden/policy/v1', 'kind: retention', `name: ${store.replace('/', '-')}`, 'reason: a suite', `stores: [ "${store}" ]`, 'mode: enforce', `limits: ${limits}`, 'target: 100 %', 'keep: { younger-than: 1 second }', 'bounds: { percent: 100 % }', ...more].join('\n');

/** What is held from a moment on, for ever or until another. */
export interface Held {
  readonly stores: readonly string[];
  readonly from: string;
  readonly until?: string;
}

const holdText = ({ stores, from, until }: Held): string => ['schema: mailwarden/policy/v1', 'kind: hold', 'name: a-case', 'reason: a suite', `stores: [ ${stores.map((store) => `"${store}"`).join(', ')} ]`, `from: "${from}"`, ...(until === undefined ? [] : [`until: "${until}"`])].join('\n');

/** Writes policies onto a server and carries them out there, or plans them. Errors: throws with what the command said. */
export async function rotateInside(server: RunningServer, wanted: readonly Wanted[], args: readonly string[], held?: Held): Promise<RotateDocument> {
  const text = `${[...wanted.map(policyText), ...(held === undefined ? [] : [holdText(held)])].join('\n---\n')}\n`;
  await server.output(['/bin/sh', '-c', `umask 077; printf '%s' "$1" > ${POLICY_FILE}`, 'sh', text]);
  const { stdout, stderr, status } = await mailwardenInside(server, ['rotate', '--policy', POLICY_FILE, '--format', 'json', ...args]);
  if (stdout === '') throw new Error(`mailwarden rotate ended with ${status}: ${stderr}`);
  return rotateDocument.parse(JSON.parse(stdout));
}

export function rotatedStore(document: RotateDocument, store: string): RotateDocument['stores'][number] {
  const found = document.stores.find(({ id }) => id === store);
  if (found === undefined) throw new Error(`the rotation tells nothing of ${store}`);
  return found;
}

/** The account of one store, whether it is signed or not. */
export function receiptOf(document: RotateDocument, store: string) {
  const { receipt } = rotatedStore(document, store);
  if (receipt === undefined) throw new Error(`${store} has no account`);
  return 'payload' in receipt ? receipt.payload : receipt;
}
