import { KSN_STATES, profileId, slug, STORE_KINDS, storeId } from '@mailwarden/contracts';
import { z } from 'zod';

/** Form of a profile file, as people write it. `null` means that the vendor does not say. */

const text = z.string().min(1).max(500);
const path = z.string().min(1).max(400);
const source = z.string().min(1).max(60);
const amount = z.union([z.string().max(60), z.number()]);

const fileKey = z.strictObject({ file: path, format: z.enum(['key-value', 'ini', 'xml', 'json', 'yaml']), key: z.string().min(1).max(200) });
const probeForm = z.union([
  z.strictObject({ 'file-key': fileKey }),
  z.strictObject({ 'file-hash': path }),
  z.strictObject({ 'file-exists': path }),
  z.strictObject({ command: z.array(z.string().max(200)).min(1).max(20), parser: z.enum(['first-line', 'key-value']), key: z.string().nullable(), timeout: z.string() }),
  z.strictObject({ sql: z.strictObject({ database: z.string(), query: z.string().max(1000) }) }),
  z.strictObject({ process: z.strictObject({ 'pid-file': path, value: z.enum(['started-at', 'core-limit']) }) }),
  z.strictObject({ sysctl: z.string().regex(/^[a-z0-9_.]{1,80}$/, 'must be a kernel setting, as kernel.core_pattern') }),
]);
export type ProbeForm = z.output<typeof probeForm>;

const readingForm = z.strictObject({
  from: z.array(probeForm).min(1).max(8),
  values: z.record(z.string(), z.string()).optional(),
  factor: z.number().positive().optional(),
  source: source.optional(),
});
export type ReadingForm = z.output<typeof readingForm>;

const limitForm = z.strictObject({
  bytes: amount.optional(),
  records: z.number().int().positive().optional(),
  age: z.string().optional(),
  effect: z.enum(['delete-oldest', 'stop-writing']),
  source,
});
export type LimitForm = z.output<typeof limitForm>;

const durationForm = z.union([
  z.strictObject({ state: z.enum(['indefinite', 'until-restart']), source }),
  z.strictObject({ age: z.string(), source }),
  z.literal('not-stated'),
]);

const relationForm = z.strictObject({
  database: z.string(),
  relation: z.string().regex(/^[a-z_][a-z0-9_]{0,62}(?:\.[a-z_][a-z0-9_]{0,62})?$/, 'must be a table, as public.event_log'),
  'key-column': z.string(),
  'time-column': z.string(),
  'file-column': z.string().optional(),
});

const storeForm = z.strictObject({
  id: storeId,
  section: text,
  kind: z.enum(STORE_KINDS),
  directories: z.array(text).nullable(),
  files: z.array(path).max(50).default([]),
  exclude: z.array(path).max(50).default([]),
  active: z.array(path).max(50).default([]),
  rows: relationForm.optional(),
  'line-records': z.boolean().default(false),
  'data-categories': z.array(z.string()).nullable(),
  duration: durationForm,
  limits: z.array(limitForm).max(20).default([]),
  'configured-limits': z.array(z.strictObject({ kind: z.enum(['bytes', 'records', 'age']), read: readingForm })).default([]),
  protection: z.strictObject({ accounts: z.array(z.string()).nullable(), groups: z.array(z.string()).default([]), source: source.nullable() }),
  clock: z.enum(['modified', 'changed', 'recorded']).default('modified'),
  rotatable: z.boolean(),
  'quiet-period': z.string().default('10 seconds'),
  notes: z.array(z.strictObject({ text, source })).default([]),
});
export type StoreForm = z.output<typeof storeForm>;

const agreementForm = z.strictObject({
  id: slug,
  title: text,
  gates: z.array(text),
  text: readingForm.optional(),
  accepted: readingForm.optional(),
  'accepted-version': readingForm.optional(),
  'answer-file': readingForm.optional(),
  source,
});

const flowForm = z.strictObject({
  id: slug,
  title: text,
  'data-categories': z.array(z.string()).nullable(),
  recipient: text.nullable(),
  requires: z.array(slug),
  endpoints: z.array(z.strictObject({ host: text, ports: z.array(z.number().int().min(1).max(65_535)) })).nullable(),
  encrypted: z.boolean().nullable(),
  enabled: readingForm.optional(),
  source,
});

const licenceStateForm = z.strictObject({ id: slug, title: text, consequence: text, 'stops-database-updates': z.boolean().nullable(), 'stops-scanning': z.boolean().nullable(), source: source.nullable() });

export const profileForm = z.strictObject({
  schema: z.literal('mailwarden/profile/v1'),
  id: profileId,
  product: z.strictObject({ name: text, vendor: text, versions: text }),
  version: readingForm.optional(),
  sources: z.record(source, z.strictObject({ title: text, url: text.nullable(), date: text.nullable(), kind: z.enum(['vendor-page', 'product-export', 'integration-script', 'general']) })),
  accounts: z.strictObject({ service: text, groups: z.array(text) }),
  services: z.array(text),
  'service-start': readingForm.optional(),
  databases: z.record(z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/), z.strictObject({ engine: z.literal('postgresql'), socket: path, user: text })).default({}),
  variables: z.record(z.string().regex(/^[a-zA-Z][a-zA-Z0-9]{0,40}$/), z.strictObject({ read: readingForm.optional(), default: path })).default({}),
  stores: z.array(storeForm).min(1).max(200),
  switches: z.record(slug, z.strictObject({ read: readingForm, default: text.nullable(), source: source.nullable() })).default({}),
  ksn: z.strictObject({ read: readingForm, states: z.record(z.string(), z.enum(KSN_STATES)) }).optional(),
  agreements: z.array(agreementForm).max(50).default([]),
  flows: z.array(flowForm).max(50).default([]),
  licence: z.strictObject({ status: readingForm.optional(), kind: readingForm.optional(), 'expires-at': readingForm.optional(), states: z.array(licenceStateForm) }).optional(),
});
export type ProfileForm = z.output<typeof profileForm>;

/** JSON Schema of a profile file, for editors. */
export const profileJsonSchema = (): Record<string, unknown> => z.toJSONSchema(profileForm, { io: 'input', unrepresentable: 'any' }) as Record<string, unknown>;
