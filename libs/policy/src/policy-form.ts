import { CLOCKS, instant, labels, labelText, slug } from '@mailwarden/contracts';
import { z } from 'zod';

/** Form of a policy document, as operators write it. */

const reason = z.string().min(1).max(500);
const storeRef = z.string().regex(/^(?:[a-z0-9-]{1,63}|\*)\/[a-z0-9-]{1,63}$/, 'must be a profile and a store, as kaspersky-klms-8/backup or */backup');
const amount = z.union([z.string().max(60), z.number()]);
const percent = z.union([z.string().regex(/^\d{1,3}(?:\.\d+)? ?%$/, 'must be a percentage, as 80 %'), z.number().min(0).max(100)]);

const common = {
  schema: z.literal('mailwarden/policy/v1'),
  name: slug,
  reason,
  servers: labels.default({}),
  except: z.array(z.record(labelText, labelText)).max(100).default([]),
};

export const retentionForm = z.strictObject({
  ...common,
  kind: z.literal('retention'),
  stores: z.array(storeRef).max(200).default([]),
  categories: z.array(z.string()).max(50).default([]),
  mode: z.enum(['observe', 'ask', 'enforce']).default('observe'),
  limits: z.strictObject({ bytes: amount.optional(), records: z.number().int().positive().optional(), age: z.string().optional() }),
  target: percent.default('80 %'),
  clock: z.enum(CLOCKS).default('modified'),
  keep: z.strictObject({ newest: z.number().int().min(0).default(0), 'younger-than': z.string().default('1 minute') }).prefault({}),
  bounds: z.strictObject({ items: z.number().int().positive().default(100_000), bytes: amount.default('100 GB'), percent: percent.default('90 %'), deadline: z.string().default('10 minutes') }).prefault({}),
});
export type RetentionForm = z.output<typeof retentionForm>;

export const holdForm = z.strictObject({ ...common, kind: z.literal('hold'), stores: z.array(storeRef).min(1).max(200), from: instant.nullable().default(null), until: instant.nullable().default(null) });
export const transmissionForm = z.strictObject({ ...common, kind: z.literal('transmission'), 'fail-closed': z.boolean() });
export const telemetryForm = z.strictObject({ ...common, kind: z.literal('telemetry'), 'scan-interval': z.string().optional(), 'scan-cpu': percent.optional(), 'scan-window': z.string().optional() });
export type TelemetryForm = z.output<typeof telemetryForm>;

/** JSON Schema of one policy document, for editors. */
export const policyJsonSchema = (): Record<string, unknown> => z.toJSONSchema(z.union([retentionForm, holdForm, transmissionForm, telemetryForm]), { io: 'input', unrepresentable: 'any' }) as Record<string, unknown>;
