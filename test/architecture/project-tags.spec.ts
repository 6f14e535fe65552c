import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { describe, expect, it } from 'vitest';
import { sourceFiles, WORKSPACE_ROOT } from './source-files.js';

const manifest = z.object({
  name: z.string(),
  private: z.literal(true),
  type: z.literal('module'),
  license: z.literal('Apache-2.0'),
  dependencies: z.record(z.string(), z.string()).default({}),
  devDependencies: z.record(z.string(), z.string()).default({}),
  nx: z.object({ tags: z.array(z.string()) }),
});
type Manifest = z.output<typeof manifest>;

/** What a project of each type may depend on. There is no "anything" row. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  pure: ['pure'],
  adapter: ['pure', 'adapter'],
  testing: ['pure', 'adapter'],
  app: ['pure', 'adapter'],
};

const projects = ['libs', 'apps'].flatMap((folder) =>
  readdirSync(join(WORKSPACE_ROOT, folder)).map((name) => ({
    folder: `${folder}/${name}`,
    manifest: manifest.parse(JSON.parse(readFileSync(join(WORKSPACE_ROOT, folder, name, 'package.json'), 'utf8'))),
  })),
);
const byName = new Map(projects.map((project) => [project.manifest.name, project]));
const tag = (project: Manifest, kind: string): string | undefined =>
  project.nx.tags.find((text) => text.startsWith(`${kind}:`))?.slice(kind.length + 1);

/** Dependencies that a project's type forbids. */
function forbiddenDependencies(project: Manifest, typeOf: (name: string) => string | undefined): string[] {
  const allowed = ALLOWED[tag(project, 'type') ?? ''] ?? [];
  return Object.keys(project.dependencies).filter((name) => {
    const type = typeOf(name);
    return type !== undefined && !allowed.includes(type);
  });
}
const typeInWorkspace = (name: string): string | undefined => {
  const project = byName.get(name);
  return project === undefined ? undefined : tag(project.manifest, 'type');
};

describe.each(projects)('project $folder', ({ folder, manifest: project }) => {
  it('says what it is', () => {
    expect(Object.keys(ALLOWED)).toContain(tag(project, 'type'));
    expect(tag(project, 'scope')).toBeDefined();
    expect(['any', 'linux', 'browser']).toContain(tag(project, 'platform'));
  });

  it('depends on what its type allows', () => {
    expect(forbiddenDependencies(project, typeInWorkspace)).toEqual([]);
  });

  it('declares every project it imports, and imports every project it declares', () => {
    const imported = new Set<string>();
    for (const file of sourceFiles(WORKSPACE_ROOT, [`${folder}/src`, ...(existsSync(join(WORKSPACE_ROOT, folder, 'dev')) ? [`${folder}/dev`] : [])])) {
      for (const match of file.text.matchAll(/(?:from|import\() ?'(@mailwarden\/[a-z-]+)/g)) {
        if (match[1] !== undefined) imported.add(match[1]);
      }
    }
    imported.delete(project.name);
    const declared = Object.keys({ ...project.dependencies, ...project.devDependencies }).filter((name) => name.startsWith('@mailwarden/'));
    expect([...imported].sort()).toEqual(declared.sort());
  });
});

describe('the table of allowed dependencies', () => {
  it('bites: a pure library may not depend on an adapter, nor a library on an app', () => {
    const project = manifest.parse({
      name: '@mailwarden/offender',
      private: true,
      type: 'module',
      license: 'Apache-2.0',
      dependencies: { '@mailwarden/messaging': '*', '@mailwarden/kernel': '*', '@mailwarden/cli': '*' },
      nx: { tags: ['type:pure', 'scope:shared', 'platform:any'] },
    });
    expect(forbiddenDependencies(project, typeInWorkspace)).toEqual(['@mailwarden/messaging', '@mailwarden/cli']);
  });
});
