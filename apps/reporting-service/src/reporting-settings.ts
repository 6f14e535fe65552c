import { serviceSettings } from '@mailwarden/config';
import { z } from 'zod';

/** What the process is told by its environment. */
export const reportingSettings = serviceSettings.extend({
  MAILWARDEN_HTTP_HOST: z.string().min(1).default('127.0.0.1'),
  MAILWARDEN_HTTP_PORT: z.coerce.number().int().min(0).max(65_535),
  MAILWARDEN_HTTP_NAMES: z.string().min(1).optional(),
  MAILWARDEN_FLEET_FILE: z.string().min(1),
  MAILWARDEN_SIGN_IN_LINK_FILE: z.string().min(1),
  MAILWARDEN_CLI_TOKEN_FILE: z.string().min(1),
  MAILWARDEN_CONSOLE_DIR: z.string().min(1).optional(),
});
export type ReportingSettings = z.output<typeof reportingSettings>;
