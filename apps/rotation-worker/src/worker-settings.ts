import { serviceSettings } from '@mailwarden/config';
import { z } from 'zod';

/** What the process is told by its environment. */
export const workerSettings = serviceSettings.extend({
  /** Folder of policy files; read again when they change. */
  MAILWARDEN_POLICY_DIR: z.string().min(1),
});
export type WorkerSettings = z.output<typeof workerSettings>;
