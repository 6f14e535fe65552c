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
  /** Receiver of traces by OTLP over HTTP, without the path; without it none are told. */
  MAILWARDEN_OTLP_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  /** Share of the traces that begin here which are told. */
  MAILWARDEN_TRACE_RATIO: z.coerce.number().min(0).max(1).default(0.1),
});
export type ServiceSettings = z.output<typeof serviceSettings>;
