import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DATA_CATEGORIES, parseProfile } from '@mailwarden/catalogue';
import { loadHostSettings } from '@mailwarden/config';
import { parsePolicies } from '@mailwarden/policy';
import { readStrictYaml, readStrictYamlDocuments } from '@mailwarden/strict-yaml';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterAll, describe, expect, it } from 'vitest';
import { sourceFiles } from '../architecture/source-files.js';

const ROOT = join(import.meta.dirname, '../..');
const page = (name: string): string => readFileSync(join(ROOT, 'docs/reference', name), 'utf8');
const examplesOf = (name: string): string[] => [...page(name).matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
const published = (name: string) => new Ajv2020({ strict: false, validateFormats: false }).compile(JSON.parse(page(name)) as object);

describe('examples of the reference', () => {
  const [profile = ''] = examplesOf('profiles.md');

  it('of a profile is a profile without a mistake, and shows most of the language', () => {
    const parsed = parseProfile(profile);
    expect(parsed.ok ? [] : parsed.error).toEqual([]);
    expect(parsed.ok && parsed.value.stores.map((store) => store.kind)).toEqual(['pair', 'log', 'configuration']);
  });

  it('of a profile fits the published schema, and a broken one does not', () => {
    const validate = published('profile.schema.json');
    const valueOf = (text: string): unknown => {
      const read = readStrictYaml(text);
      return read.ok ? read.value.value : read.error;
    };
    expect(validate(valueOf(profile)), JSON.stringify(validate.errors)).toBe(true);
    expect(validate(valueOf(profile.replace('rotatable: true', 'rotateable: true')))).toBe(false);
    expect(validate(valueOf(readFileSync(join(ROOT, 'libs/catalogue/profiles/kaspersky-klms-8.yaml'), 'utf8'))), JSON.stringify(validate.errors)).toBe(true);
  });

  it('of every kind of policy are policies without a mistake', () => {
    const examples = examplesOf('policies.md');
    const kinds = examples.flatMap((text) => {
      const parsed = parsePolicies(text);
      if (!parsed.ok) throw new Error(`${text}\n${JSON.stringify(parsed.error)}`);
      return parsed.value.map((policy) => policy.kind);
    });
    expect(new Set(kinds)).toEqual(new Set(['retention', 'hold', 'access', 'telemetry', 'transmission']));
  });

  it('of policies fit the published schema, and a mistyped one does not', () => {
    const validate = published('policy.schema.json');
    for (const text of examplesOf('policies.md')) {
      const read = readStrictYamlDocuments(text);
      if (!read.ok) throw new Error(JSON.stringify(read.error));
      for (const { value } of read.value) {
        expect(validate(value), JSON.stringify(validate.errors)).toBe(true);
        expect(validate({ ...(value as object), taget: '80 %' })).toBe(false);
      }
    }
  });

  it('use only categories of the taxonomy', () => {
    const used = examplesOf('policies.md').flatMap((text) => {
      const parsed = parsePolicies(text);
      return parsed.ok ? parsed.value.flatMap((policy) => (policy.kind === 'retention' ? policy.categories : [])) : [];
    });
    expect(used.length).toBeGreaterThan(0);
    for (const category of used) expect(Object.keys(DATA_CATEGORIES)).toContain(category);
  });

  describe("of a host's settings", () => {
    const made: string[] = [];
    afterAll(() => Promise.all(made.map((folder) => rm(folder, { recursive: true }))));

    it('can be read', async () => {
      const root = await mkdtemp(join(tmpdir(), 'mailwarden-host-'));
      made.push(root);
      await mkdir(join(root, 'etc/mailwarden'), { recursive: true });
      const [text = ''] = examplesOf('configuration.md');
      await writeFile(join(root, 'etc/mailwarden/host.yaml'), text, { mode: 0o600 });
      expect((await loadHostSettings(root)).databases['backup']).toMatchObject({ name: 'backup', port: 5432 });
    });
  });
});

describe('the configuration page', () => {
  it('names every variable that a part reads', () => {
    const files = sourceFiles(ROOT, ['apps', 'libs']).filter(({ path }) => !path.endsWith('.spec.ts') && !path.startsWith('apps/console/'));
    const named = new Set(files.flatMap(({ text }) => [...text.matchAll(/\bMAILWARDEN_[A-Z_]+\b/g)].map((match) => match[0])));
    expect(named.size).toBeGreaterThan(15);
    expect([...named].filter((name) => !page('configuration.md').includes(`\`${name}\``))).toEqual([]);
  });
});

describe('links of the documentation', () => {
  const pages = ['README.md', 'contributing.md', 'ARCHITECTURE.md', 'siem.md', 'decisions/README.md', 'rotation/README.md', 'reference/profiles.md', 'reference/policies.md', 'reference/findings.md', 'reference/configuration.md', 'reference/data-categories.md', 'reference/events.md', 'reference/api.md'];
  const anchorsOf = (text: string): Set<string> => new Set([...text.matchAll(/^#+ (.+)$/gm)].map((match) => (match[1] ?? '').toLowerCase().replaceAll(/[^a-z0-9 -]/g, '').replaceAll(' ', '-')));

  it.each(pages)('%s leads to pages and headings that are there', (name) => {
    const file = join(ROOT, 'docs', name);
    for (const [, target = ''] of readFileSync(file, 'utf8').matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [path = '', anchor] = target.split('#');
      const linked = path === '' ? file : join(file, '..', path);
      // Reading a folder fails as well: a link names a page.
      const text = readFileSync(linked, 'utf8');
      if (anchor !== undefined && linked.endsWith('.md')) expect(anchorsOf(text), `${name}: ${target}`).toContain(anchor);
    }
  });
});
