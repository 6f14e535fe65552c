import { serviceSettings } from '@mailwarden/config';
import { TWO_PERSON_RULES } from '@mailwarden/contracts';
import { z } from 'zod';

/** What the process is told by its environment. */
export const registrySettings = serviceSettings.extend({
  /** Which decisions take two persons: `none`, `grants` (what permits something), `all`. */
  MAILWARDEN_CONSENT_TWO_PERSONS: z.enum(TWO_PERSON_RULES).default('none'),
  /** Where metrics and health are told: an address of this machine, `unix:/path`, or `off`. */
  MAILWARDEN_TELEMETRY_LISTEN: z.string().min(1).default('127.0.0.1:9463'),
});
export type RegistrySettings = z.output<typeof registrySettings>;
