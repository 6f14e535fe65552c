import { serviceSettings } from '@mailwarden/config';
import { z } from 'zod';

/** Orders that may be under way in the whole fleet at once, where nothing else is set. */
const ORDERS_AT_ONCE = 50;
/** More would only wait for each other in the database. */
const ORDERS_AT_ONCE_MAX = 10_000;

/** What the process is told by its environment. */
export const workerSettings = serviceSettings.extend({
  /** Folder of policy files; read again when they change. */
  MAILWARDEN_POLICY_DIR: z.string().min(1),
  /** Most orders that may be under way at once, over all servers. */
  MAILWARDEN_ORDERS_AT_ONCE: z.coerce.number().int().min(1).max(ORDERS_AT_ONCE_MAX).default(ORDERS_AT_ONCE),
  /** Where metrics and health are told: an address of this machine, `unix:/path`, or `off`. */
  MAILWARDEN_TELEMETRY_LISTEN: z.string().min(1).default('127.0.0.1:9462'),
});
export type WorkerSettings = z.output<typeof workerSettings>;
