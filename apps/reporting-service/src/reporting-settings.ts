import { serviceSettings } from '@mailwarden/config';
import { enrolmentToken, labelText } from '@mailwarden/contracts';
import { z } from 'zod';

const DAYS_MAX = 3_650;
/** `lifetime=short:7`: servers with this label go after so many days away. */
const retirementRule = z
  .string()
  .regex(/^[^=:]+=[^=:]+:\d{1,4}$/, 'must be label=value:days, as lifetime=short:7')
  .transform((text) => {
    const [, key = '', value = '', days = ''] = /^([^=]+)=([^:]+):(\d+)$/.exec(text) ?? [];
    return { label: [key, value] as const, days: Number(days) };
  })
  .refine(({ label, days }) => label.every((part) => labelText.safeParse(part).success) && days >= 1 && days <= DAYS_MAX, `must be a label of servers, and 1 to ${DAYS_MAX} days`);

/** What the process is told by its environment. */
export const reportingSettings = serviceSettings.extend({
  MAILWARDEN_HTTP_HOST: z.string().min(1).default('127.0.0.1'),
  MAILWARDEN_HTTP_PORT: z.coerce.number().int().min(0).max(65_535),
  MAILWARDEN_HTTP_NAMES: z.string().min(1).optional(),
  MAILWARDEN_FLEET_FILE: z.string().min(1),
  MAILWARDEN_SIGN_IN_LINK_FILE: z.string().min(1),
  MAILWARDEN_CLI_TOKEN_FILE: z.string().min(1),
  MAILWARDEN_CONSOLE_DIR: z.string().min(1).optional(),
  /** What credentials of agents are made with, and the key for hashing names that each of them is given; without them nobody can be enrolled by a token. */
  MAILWARDEN_ISSUER: z.string().min(1).optional(),
  MAILWARDEN_HASH_KEY: z.string().min(1).optional(),
  MAILWARDEN_BUS_URLS: z.string().transform((text) => text.split(',')).pipe(enrolmentToken.shape.urls).optional(),
  MAILWARDEN_CREDENTIAL_DAYS: z.coerce.number().int().min(1).max(3_650).default(30),
  MAILWARDEN_RETIRE_AWAY: retirementRule.optional(),
  /** A message whose number is passed over is missing after this. Units: seconds. */
  MAILWARDEN_GAP_GRACE_SECONDS: z.coerce.number().min(1).max(86_400).default(60),
  /** Where metrics and health are told: an address of this machine, `unix:/path`, or `off`. */
  MAILWARDEN_TELEMETRY_LISTEN: z.string().min(1).default('127.0.0.1:9461'),
  MAILWARDEN_WITNESS_FILE: z.string().min(1).optional(),
  MAILWARDEN_WITNESS_URL: z.url({ protocol: /^https?$/ }).optional(),
  MAILWARDEN_WITNESS_TSA_URL: z.url({ protocol: /^https?$/ }).optional(),
  MAILWARDEN_WITNESS_TSA_FILE: z.string().min(1).optional(),
  MAILWARDEN_WITNESS_TSA_MINUTES: z.coerce.number().int().min(1).max(43_200).default(60),
});
export type ReportingSettings = z.output<typeof reportingSettings>;
