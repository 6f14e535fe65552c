import { CLOCKS, HOST_NAME, instant, labels, labelText, MAIL_PORTS, ORPHAN_RULES, PREFIX_BITS_MIN, slug } from '@mailwarden/contracts';
import { z } from 'zod';

/** Form of a policy document, as operators write it. */

const reason = z.string().min(1).max(500);
const storeRef = z.string().regex(/^(?:[a-z0-9-]{1,63}|\*)\/[a-z0-9-]{1,63}$/, 'must be a profile and a store, as kaspersky-klms-8/backup or */backup');
const amount = z.union([z.string().max(60), z.number()]);
const percent = z.union([z.string().regex(/^\d{1,3}(?:\.\d+)? ?%$/, 'must be a percentage, as 80 %'), z.number().min(0).max(100)]);
/** A share that may be more than the whole. */
const ratio = z.string().regex(/^\d{1,4}(?:\.\d+)? ?%$/, 'must be a percentage, as 150 %');

const common = {
  schema: z.literal('mailwarden/policy/v1'),
  name: slug,
  reason,
  servers: labels.default({}),
  except: z.array(z.record(labelText, labelText)).max(100).default([]),
};

const DAY = '(?:mon|tue|wed|thu|fri|sat|sun)';
const clockTime = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$|^24:00$/, 'must be a time of day, as 01:00');

/** When deletion may begin, on which days and by which clock. */
export const windowForm = z.strictObject({
  days: z.array(z.string().regex(new RegExp(`^${DAY}(?:-${DAY})?$`), 'must be a day or days, as mon or mon-fri')).min(1).max(7).default(['mon-sun']),
  from: clockTime,
  to: clockTime,
  timezone: z.string().min(1).max(60).default('UTC'),
});

/** A share of the servers, or those with these labels. */
const wave = z.union([percent, labels]);

/** How a policy reaches its servers: wave by wave, and when it stops by itself. */
export const rolloutForm = z.strictObject({
  waves: z.array(wave).min(1).max(20).default(['100 %']),
  /** How long a wave must have gone well before the next begins. */
  soak: z.string().default('30 minutes'),
  /** Orders that may be under way at once, over all servers with the same value of a label. */
  'at-once': z.strictObject({ per: z.array(labelText).max(5).default([]), most: z.number().int().positive() }).optional(),
  'stop-on': z
    .strictObject({ failures: z.number().int().min(0).default(1), skipped: percent.default('20 %'), deleted: ratio.default('150 %'), slower: z.number().positive().default(10) })
    .prefault({}),
});

export const retentionForm = z.strictObject({
  ...common,
  kind: z.literal('retention'),
  stores: z.array(storeRef).max(200).default([]),
  categories: z.array(z.string()).max(50).default([]),
  mode: z.enum(['observe', 'ask', 'enforce']).default('observe'),
  limits: z.strictObject({ bytes: amount.optional(), records: z.number().int().positive().optional(), age: z.string().optional(), inodes: z.number().int().positive().optional(), 'free-space': percent.optional() }),
  target: percent.default('80 %'),
  clock: z.enum(CLOCKS).default('modified'),
  keep: z.strictObject({ newest: z.number().int().min(0).default(0), 'younger-than': z.string().default('1 minute') }).prefault({}),
  bounds: z.strictObject({ items: z.number().int().positive().default(100_000), bytes: amount.default('100 GB'), percent: percent.default('90 %'), deadline: z.string().default('10 minutes'), per: z.string().optional() }).prefault({}),
  exclude: z.array(z.string().startsWith('/').max(400)).max(50).default([]),
  window: windowForm.optional(),
  grace: z.string().optional(),
  approvals: z.number().int().min(1).max(5).default(1),
  rollout: rolloutForm.optional(),
  pace: z.strictObject({ items: z.number().int().positive().optional(), bytes: amount.optional() }).optional(),
  overwrite: z.boolean().default(false),
  orphans: z.enum(ORPHAN_RULES).default('keep'),
  offline: z.boolean().default(true),
});
export type RetentionForm = z.output<typeof retentionForm>;

export const holdForm = z.strictObject({ ...common, kind: z.literal('hold'), stores: z.array(storeRef.or(z.literal('*'))).min(1).max(200), from: instant.nullable().default(null), until: instant.nullable().default(null), messages: z.array(z.string().min(3).max(998)).max(1000).default([]), 'asked-by': z.string().min(1).max(200).optional(), expires: instant.nullable().default(null) });
export type HoldForm = z.output<typeof holdForm>;
/** Who may read or write stores, and that what lets others in is to be mended. */
export const accessForm = z.strictObject({ ...common, kind: z.literal('access'), stores: z.array(storeRef).min(1).max(200), accounts: z.array(labelText).max(50).default([]), groups: z.array(labelText).max(50).default([]), mode: z.enum(['observe', 'ask', 'enforce']).default('observe') });
const flowRef = z.string().regex(/^(?:[a-z0-9-]{1,63}|\*)\/[a-z0-9-]{1,63}$/, 'must be a profile and a flow, as kaspersky-klms-8/ksn or */ksn');
const ADDRESS_FORMS = [z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()];
const isAddress = (text: string): boolean => ADDRESS_FORMS.some((form) => form.safeParse(text).success);
const address = z.string().refine((text) => !text.toLowerCase().startsWith('::ffff:') && isAddress(text), 'must be an address or a prefix, as 192.0.2.25, 192.0.2.0/24 or 2001:db8::/48');
const port = z.number().int().min(1).max(65_535).refine((number) => !MAIL_PORTS.includes(number), 'is a port of mail, which is never refused: leave it out');
const isNarrow = (text: string): boolean => !text.includes('/') || Number(text.split('/')[1]) >= PREFIX_BITS_MIN[text.includes(':') ? 6 : 4];
const endpointHost = z.string().refine((text) => (isAddress(text) ? isNarrow(text) : HOST_NAME.test(text)), `must be a name without *, an address, or a prefix of at least ${PREFIX_BITS_MIN[4]} bits (IPv6: ${PREFIX_BITS_MIN[6]})`);
/** What may leave servers: whether the packet filter refuses what consent does not cover, and what counts where nobody decided. */
export const transmissionForm = z.strictObject({
  ...common,
  kind: z.literal('transmission'),
  flows: z.array(flowRef.or(z.literal('*'))).min(1).max(200).default(['*']),
  mode: z.enum(['observe', 'enforce']).default('observe'),
  'fail-closed': z.boolean(),
  /** Where flows go of which the vendor names no endpoints. */
  endpoints: z.array(z.strictObject({ flow: flowRef, host: endpointHost, ports: z.array(port).min(1).max(100) })).max(64).default([]),
  /** A flow without endpoints is refused by refusing all that its accounts send but mail. */
  everything: z.boolean().default(false),
  /** Addresses to which nothing is ever refused. */
  relays: z.array(address).max(64).default([]),
  /** Break-glass: until then nothing is refused by this policy. */
  lift: z.strictObject({ until: instant, reason }).optional(),
});
export type TransmissionForm = z.output<typeof transmissionForm>;
export const telemetryForm = z.strictObject({ ...common, kind: z.literal('telemetry'), 'scan-interval': z.string().optional(), 'scan-cpu': percent.optional(), 'scan-window': z.string().optional() });
export type TelemetryForm = z.output<typeof telemetryForm>;

/** JSON Schema of one policy document, for editors. */
export const policyJsonSchema = (): Record<string, unknown> => z.toJSONSchema(z.union([retentionForm, holdForm, accessForm, transmissionForm, telemetryForm]), { io: 'input', unrepresentable: 'any' }) as Record<string, unknown>;
