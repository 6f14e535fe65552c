import { existsSync } from 'node:fs';
import { profileJsonSchema } from '@mailwarden/catalogue';
import { jsonSchemaOf } from '@mailwarden/contracts';
import { policyJsonSchema } from '@mailwarden/policy';
import { z } from 'zod';
import { accessDocument } from '../../apps/cli/src/output/access-json.js';
import { scanDocument } from '../../apps/cli/src/output/scan-json.js';

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';
const pretty = (title: string, { $schema: _dialect, ...schema }: Readonly<Record<string, unknown>>): string => `${JSON.stringify({ $schema: DIALECT, title, ...schema }, null, 2)}\n`;

const ROTATE_JSON = new URL('../../apps/cli/src/output/rotate-json.ts', import.meta.url);

/** The form of `mailwarden rotate --format json`. */
async function rotateSchema(): Promise<[string, string][]> {
  if (!existsSync(ROTATE_JSON)) return [];
  const forms = Object.values((await import(ROTATE_JSON.href)) as Record<string, unknown>).filter((value): value is z.ZodObject => value instanceof z.ZodObject && 'schema' in value.shape && 'stores' in value.shape);
  const [form] = forms;
  if (form === undefined) throw new Error('apps/cli/src/output/rotate-json.ts exports no form of its document; export the zod object that has schema and stores');
  return [['rotate.schema.json', pretty('mailwarden rotate', jsonSchemaOf(form))]];
}

/** JSON Schemas of what people write and of what commands print, by their path below `docs/reference`. */
export async function publishedSchemas(): Promise<[string, string][]> {
  return [
    ['profile.schema.json', pretty('Mailwarden profile', profileJsonSchema())],
    ['policy.schema.json', pretty('Mailwarden policy', policyJsonSchema())],
    ['access.schema.json', pretty('mailwarden access', jsonSchemaOf(accessDocument))],
    ['scan.schema.json', pretty('mailwarden scan', jsonSchemaOf(scanDocument))],
    ...(await rotateSchema()),
  ];
}
