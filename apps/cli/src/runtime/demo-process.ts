import { SUPERUSER } from '@mailwarden/local-postgres';
import { clusterPlace } from './database.js';
import { programOf, type Layout } from './layout.js';
import { nodeEnvironment } from './service-processes.js';
import type { ProcessPlan } from './supervised-process.js';

/** The demo's mail servers: their trees, their product's database, and the mail that keeps arriving. */
export function demoProcess(layout: Layout, databasePort: number): ProcessPlan {
  return {
    name: 'demo-fleet',
    command: [process.execPath, programOf('demo-fleet')],
    env: {
      ...nodeEnvironment(),
      MAILWARDEN_DEMO_DIR: layout.demo,
      MAILWARDEN_DEMO_DATABASE_URL: `postgres://${SUPERUSER}@127.0.0.1:${databasePort}/postgres`,
      MAILWARDEN_DEMO_DATABASE_PASSWORD_FILE: clusterPlace(layout, databasePort).passwordFile,
      MAILWARDEN_DEMO_POLICY_DIR: layout.policies,
    },
    stopSignal: 'SIGTERM',
    ready: 'told',
  };
}
