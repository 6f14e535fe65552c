import { serviceSettings } from '@mailwarden/config';
import { TWO_PERSON_RULES } from '@mailwarden/contracts';
import { z } from 'zod';

/** What the process is told by its environment. */
export const registrySettings = serviceSettings.extend({
  /** Which decisions take two persons: `none`, `grants` (what permits something), `all`. */
  MAILWARDEN_CONSENT_TWO_PERSONS: z.enum(TWO_PERSON_RULES).default('none'),
});
export type RegistrySettings = z.output<typeof registrySettings>;
