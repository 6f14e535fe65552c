import { z } from 'zod';

/** What every service of the control plane is told by its environment: the bus, its identity, its database. Files are named by path. */
export const serviceSettings = z.object({
  MAILWARDEN_NATS_URL: z.string().min(1),
  MAILWARDEN_NATS_CREDS: z.string().min(1),
  MAILWARDEN_NATS_CA: z.string().min(1),
  MAILWARDEN_SIGNING_KEY: z.string().min(1),
  MAILWARDEN_TRUST: z.string().min(1),
  MAILWARDEN_DATABASE_URL: z.string().min(1),
  MAILWARDEN_DATABASE_PASSWORD_FILE: z.string().min(1),
  MAILWARDEN_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  MAILWARDEN_PROFILE_DIR: z.string().min(1).optional(),
});
export type ServiceSettings = z.output<typeof serviceSettings>;
