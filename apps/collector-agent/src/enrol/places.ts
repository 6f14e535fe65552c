import { EXECUTOR_JOURNALS } from '@mailwarden/config';
import { join } from 'node:path';

/** Where one server's agent and executor keep what they are set up with, and what they write. */
export interface Places {
  readonly agentSettings: string;
  readonly executorSettings: string;
  readonly trust: string;
  readonly agentKey: string;
  readonly agentHashKey: string;
  readonly executorKey: string;
  readonly executorHashKey: string;
  /** The agent writes below this alone; its credential lies here because it renews it. */
  readonly spool: string;
  readonly creds: string;
  readonly ca: string;
  readonly busSeed: string;
  readonly journal: string;
}

export const DEFAULT_DIR = '/etc/mailwarden';
export const DEFAULT_STATE = '/var/lib/mailwarden';

/** The executor's journals lie where its unit may write, unless another folder is given for everything. */
export function placesOf(dir: string, state: string): Places {
  const spool = join(state, 'agent');
  return {
    agentSettings: join(dir, 'agent.json'),
    executorSettings: join(dir, 'executor.json'),
    trust: join(dir, 'trust.json'),
    agentKey: join(dir, 'agent', 'signing-key.pem'),
    agentHashKey: join(dir, 'agent', 'hash.key'),
    executorKey: join(dir, 'executor', 'signing-key.pem'),
    executorHashKey: join(dir, 'executor', 'hash.key'),
    spool,
    creds: join(spool, 'bus.creds'),
    ca: join(spool, 'bus-ca.pem'),
    busSeed: join(spool, 'bus.seed'),
    journal: state === DEFAULT_STATE ? join('/', EXECUTOR_JOURNALS) : join(state, 'executor', 'journal'),
  };
}
