import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asyncApiDocument, EVENT_NAMES, eventSchema, openApiDocument, ROUTES } from '@mailwarden/contracts';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { allReferenceFiles, REFERENCE_FOLDER } from '../../scripts/reference/all-reference-files.js';
import { filledPage } from '../../scripts/reference/filled-page.js';

const files = await allReferenceFiles();

describe('the generated reference', () => {
  it.each([...files])('%s is in step with the code', async (path, text) => {
    expect(await readFile(join(REFERENCE_FOLDER, path), 'utf8'), 'run: node scripts/generate-reference.ts').toBe(text);
  });

  it('holds no schema that nothing makes any more', async () => {
    const found = (await readdir(REFERENCE_FOLDER, { recursive: true })).filter((name) => name.endsWith('.json'));
    expect(found.filter((name) => !files.has(name))).toEqual([]);
  });

  it('takes no page that lacks a table, and no table that lacks a page', () => {
    const table = new Map([['a', ['| x |']]]);
    expect(filledPage('<!-- table: a -->\nold\n<!-- end of table -->', table)).toBe('<!-- table: a -->\n| x |\n<!-- end of table -->');
    expect(() => filledPage('nothing', table)).toThrow('no place for: a');
    expect(() => filledPage('<!-- table: b -->\n<!-- end of table -->', table)).toThrow('a table b');
  });

  it('describes every route', () => {
    const paths = openApiDocument()['paths'] as Record<string, Record<string, unknown>>;
    for (const { path, method } of Object.values(ROUTES)) expect(paths[path]?.[method.toLowerCase()]).toBeDefined();
  });

  it('has a channel for every event', () => {
    expect(Object.keys(asyncApiDocument()['channels'] as object)).toHaveLength(EVENT_NAMES.length);
  });

  it('has schemas that take an event and refuse another', () => {
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(eventSchema('agent.silent'));
    const at = '2026-11-24T10:00:00.000Z';
    const event = {
      specversion: '1.0',
      id: '1',
      source: 'mailwarden/reporting',
      type: 'mailwarden.agent.silent.v1',
      time: at,
      subject: 'mw.event.agent.silent.high.mx-1',
      datacontenttype: 'application/json',
      sequence: 1,
      signature: 'x',
      data: { event: 'agent.silent', server: 'mx-1', severity: 'high', at, detail: { lastSeenAt: at } },
    };
    expect(validate(event)).toBe(true);
    expect(validate({ ...event, data: { ...event.data, detail: {} } })).toBe(false);
    expect(validate({ ...event, type: 'mailwarden.agent.returned.v1' })).toBe(false);
  });
});
