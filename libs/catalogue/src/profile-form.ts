import { KSN_STATES, profileId, slug, STORE_KINDS, storeId } from '@mailwarden/contracts';
import { z } from 'zod';
import { readingForm } from './reading-form.js';
import { toolForm } from './tool-form.js';

/** Form of a profile file, as people write it. `null` means that the vendor does not say. The descriptions are the reference page's and the JSON Schema's own words. */

const text = z.string().min(1).max(500);
const path = z.string().min(1).max(400);
const source = z.string().min(1).max(60).describe('Key of a page in `sources`');
const amount = z.union([z.string().max(60), z.number()]);
const reading = (meaning: string) => readingForm.optional().describe(meaning);

export const limitForm = z.strictObject({
  bytes: amount.optional().describe('Size with its unit: `500 MB` is 10^6, `1 GiB` is 2^30'),
  records: z.number().int().positive().optional().describe('Number of records'),
  age: z.string().optional().describe('Age with its unit, as `3d` or `90 days`'),
  effect: z.enum(['delete-oldest', 'stop-writing']).describe('What the product does when the limit is reached'),
  source,
});
export type LimitForm = z.output<typeof limitForm>;

const durationForm = z.union([
  z.strictObject({ state: z.enum(['indefinite', 'until-restart']), source }),
  z.strictObject({ age: z.string(), source }),
  z.literal('not-stated'),
]);

export const relationForm = z.strictObject({
  database: z.string().describe('Name of one of `databases`'),
  relation: z.string().regex(/^[a-z_][a-z0-9_]{0,62}(?:\.[a-z_][a-z0-9_]{0,62})?$/, 'must be a table, as public.event_log').describe('Table, as `public.event_log`'),
  'key-column': z.string().describe('Unique column that rows are deleted by'),
  'time-column': z.string().describe('Column that says how old a row is'),
  'time-unit': z.enum(['timestamp', 'unix-seconds', 'unix-milliseconds']).default('timestamp').describe('What that column holds: a moment as the database knows it, or a number since 1970'),
  'file-column': z.string().optional().describe("For pairs: the column with the file's path below the store's folder"),
});

export const listsForm = z.strictObject({
  database: z.string().describe('Name of one of `databases`, of engine `redis`'),
  keys: z.string().min(1).max(200).describe('Pattern of Redis over the keys of the lists'),
  encoding: z.enum(['json', 'json-zstd', 'opaque']).describe('How an entry is written'),
  'time-field': z.string().max(60).optional().describe('Member of an entry that says when it was written, in seconds since 1970'),
});

export const systemLogForm = z.strictObject({
  programs: z.array(z.string().regex(/^[A-Za-z0-9_./*-]{1,60}$/, 'must be the name of a program, as postfix/*')).min(1).max(20).describe('Names that the product writes there; `*` stands for anything but a space'),
  when: z.strictObject({ setting: slug, values: z.array(z.string().max(60)).min(1) }).optional().describe('Name of one of `switches`, and the values that send the log there; always where it is left out'),
});

export const protectionForm = z.strictObject({
  accounts: z.array(z.string()).nullable().describe('Accounts that may read or write; `null` where the vendor does not say'),
  groups: z.array(z.string()).default([]).describe('Groups all of whose members may as well'),
  source: source.nullable(),
});

const signalledProcess = z.union([z.strictObject({ 'pid-file': path }), z.strictObject({ unit: z.string().regex(/^[a-zA-Z0-9@._-]{1,100}\.service$/, 'must be a unit, as rsyslog.service') })]);

/** How the file that is being written is set aside without losing what the product writes meanwhile. */
export const rotateActiveForm = z.discriminatedUnion('by', [
  z.strictObject({ by: z.literal('reopen-signal'), signal: z.enum(['HUP', 'USR1', 'USR2']), process: signalledProcess, source }),
  z.strictObject({ by: z.literal('reopen-command'), command: z.array(z.string().max(200)).min(1).max(20), timeout: z.string().default('10 seconds'), source }),
  z.strictObject({ by: z.literal('copy-truncate'), loses: text.describe('What may be lost between the copy and the cut, in words'), source }),
]);
export type RotateActiveForm = z.output<typeof rotateActiveForm>;

export const storeForm = z.strictObject({
  id: storeId.describe('Name of the store within the profile'),
  section: text.describe("Heading of the row in the vendor's table"),
  kind: z.enum(STORE_KINDS).describe('What it is, and with it how it is measured and rotated'),
  source: source.nullable().default(null).describe('Page that states the row: its directories and data types'),
  directories: z.array(text).nullable().describe("Directories as the vendor's page prints them; `null` where it does not say"),
  files: z.array(path).max(50).default([]).describe("Patterns from the host's root; the first store in file order that matches owns a file"),
  exclude: z.array(path).max(50).default([]).describe('Patterns that are left out'),
  active: z.array(path).max(50).default([]).describe('For logs: the file that is being written, never deleted'),
  'rotate-active': rotateActiveForm.optional().describe('For logs: how the file that is being written is set aside: `by` `reopen-signal` (`signal`, `process`), `reopen-command` (`command`) or `copy-truncate` (`loses`). Without it that file is never touched'),
  units: z.array(path).max(20).default([]).describe('Folders that are one item each, with all that lies below, as a letter that was taken apart: they leave whole or not at all'),
  tool: toolForm.optional().describe("The product's own program that deletes, where it has one: `by` `item` (we plan the exact items and hand it their names) or `rule` (it chooses by size or age)"),
  messages: z.boolean().default(false).describe('Each file is one message with its headers, so that `Received` and `Message-ID` can be read'),
  rows: relationForm.optional().describe('Table that belongs to the store'),
  lists: listsForm.optional().describe('Lists in Redis that make up the store, for kind `table`'),
  'system-log': systemLogForm.optional().describe("What of the product lies in the system's own log, for kind `log`"),
  'line-records': z.boolean().default(false).describe('Each line of its files is one record'),
  'data-categories': z.array(z.string()).nullable().describe('Personal data it may hold, in the words of [the taxonomy](data-categories.md); `null` where the vendor does not say'),
  duration: durationForm.describe('How long data stays: `{ state: indefinite, source: ... }`, `{ state: until-restart, source: ... }`, `{ age: 3d, source: ... }` or `not-stated`'),
  limits: z.array(limitForm).max(20).default([]).describe('Limits that pages state; several may, and may disagree'),
  'configured-limits': z.array(z.strictObject({ kind: z.enum(['bytes', 'records', 'age']), read: readingForm })).default([]).describe("Limits read from the product's own settings, each with `kind` and `read`"),
  protection: protectionForm.describe('Who may get in'),
  clock: z.enum(['modified', 'changed', 'recorded']).default('modified').describe('Which moment says how old an item is'),
  rotatable: z.boolean().describe('Whether anything may ever be deleted from it'),
  'quiet-period': z.string().default('10 seconds').describe('Files younger than this are never touched'),
  notes: z.array(z.strictObject({ text, source })).default([]).describe('What a reader should know, each with `text` and `source`'),
});
export type StoreForm = z.output<typeof storeForm>;

export const agreementForm = z.strictObject({
  id: slug.describe('Name that decisions and flows use'),
  title: text.describe("The vendor's title"),
  gates: z.array(z.strictObject({ text, source })).describe('What it permits, each with `text` and `source`'),
  text: reading('Hash of the text on the host'),
  accepted: reading("The product's record that it was accepted: `yes` or `no`"),
  'accepted-version': reading('Which text the record names'),
  'answer-file': reading('Whether an installation without a person answered: `yes` or `no`'),
  source,
});

export const flowForm = z.strictObject({
  id: slug.describe('Name of the flow'),
  title: text.describe('What is sent, in a few words'),
  'data-categories': z.array(z.string()).nullable().describe('Personal data in it; `null` where the vendor does not say'),
  recipient: text.nullable().describe('Who gets it'),
  requires: z.array(slug).describe('Agreements that must be granted'),
  endpoints: z.array(z.strictObject({ host: text, ports: z.array(z.number().int().min(1).max(65_535)) })).nullable().describe('Hosts and ports; `null` where the vendor does not say'),
  encrypted: z.boolean().nullable().describe('Whether the vendor says that it is encrypted'),
  enabled: reading('Whether settings switch it on: `yes` or `no`'),
  source,
});

export const licenceStateForm = z.strictObject({
  id: slug.describe('State as the reading `status` yields it; `active` is the good one'),
  title: text.describe('State in words'),
  consequence: text.describe('What it means for the data'),
  'stops-database-updates': z.boolean().nullable().describe('Whether databases are no longer updated'),
  'stops-scanning': z.boolean().nullable().describe('Whether scanning stops'),
  source: source.nullable(),
});

export const databaseForm = z.discriminatedUnion('engine', [
  z.strictObject({ engine: z.literal('postgresql'), socket: path, user: text, source: source.optional() }),
  z.strictObject({ engine: z.literal('mariadb'), socket: path, user: text, source: source.optional() }),
  z.strictObject({ engine: z.literal('sqlite'), file: path, source: source.optional() }),
  z.strictObject({ engine: z.literal('redis'), socket: path.optional(), port: z.number().int().min(1).max(65_535).optional(), index: z.number().int().min(0).max(1_000).default(0), source: source.optional() }),
]);
export type DatabaseForm = z.output<typeof databaseForm>;

export const profileForm = z.strictObject({
  schema: z.literal('mailwarden/profile/v1').describe('Always `mailwarden/profile/v1`'),
  id: profileId.describe('Name of the profile, as `kaspersky-klms-8`'),
  product: z.strictObject({ name: text, vendor: text, versions: text }).describe('`name`, `vendor` and the range of `versions`, as `">=8.0.0 <9"`'),
  version: reading('The version on the host'),
  sources: z
    .record(source, z.strictObject({ title: text, url: text.nullable(), date: text.nullable(), kind: z.enum(['vendor-page', 'product-export', 'integration-script', 'general']) }))
    .describe('Pages that facts come from, each with `title`, `url`, `date` and `kind` (`vendor-page`, `product-export`, `integration-script` or `general`)'),
  accounts: z.strictObject({ service: text, others: z.array(text).max(20).default([]), groups: z.array(text), source: source.optional() }).describe('The account that the product runs as (`service`), `others` that it uses, and its `groups`'),
  services: z.array(text).describe('Names of its services'),
  'service-start': reading('When the service started; what is older in a temporary folder is a leftover'),
  databases: z
    .record(z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/), databaseForm)
    .default({})
    .describe("The product's own databases: `engine` `postgresql` (`socket` folder, `user`), `mariadb` (`socket`, `user`), `sqlite` (`file`) or `redis` (`socket`, or `port` on the loopback, and `index`). A host may name another place in [its settings](configuration.md#one-host)"),
  variables: z
    .record(z.string().regex(/^[a-zA-Z][a-zA-Z0-9]{0,40}$/), z.strictObject({ read: readingForm.optional(), default: path }))
    .default({})
    .describe('Folders that settings can move: `read` says where they are, `default` where they are otherwise. A place begins with `${name}`'),
  stores: z.array(storeForm).min(1).max(200).describe('What is kept'),
  switches: z
    .record(slug, z.strictObject({ read: readingForm, default: text.nullable(), source: source.nullable(), store: storeId.optional() }))
    .default({})
    .describe('Settings that bear on the data, each with `read`, documented `default` and `source`, and with `store` where one row of the statement is to show it. Judged by name: `dumps` (`on` or `off`), `core-limit`, `core-pattern`, `ptrace-scope`, `suid-dumpable`. What the host itself shows (swap, core pattern and the like) is read without being named'),
  ksn: z.strictObject({ read: readingForm, states: z.record(z.string(), z.enum(KSN_STATES)) }).optional().describe('A reputation network of the vendor: `read` and what its values mean (`off`, `basic`, `extended`, `private`)'),
  agreements: z.array(agreementForm).max(50).default([]).describe('Agreements between the organisation and the vendor'),
  flows: z.array(flowForm).max(50).default([]).describe('What leaves the host'),
  licence: z
    .strictObject({ status: readingForm.optional(), kind: readingForm.optional(), 'expires-at': readingForm.optional(), states: z.array(licenceStateForm) })
    .optional()
    .describe('Readings of `status`, `kind` and `expires-at`, and what each of the `states` means'),
});
export type ProfileForm = z.output<typeof profileForm>;

/** JSON Schema of a profile file, for editors. */
export const profileJsonSchema = (): Record<string, unknown> => z.toJSONSchema(profileForm, { io: 'input', unrepresentable: 'any' }) as Record<string, unknown>;
