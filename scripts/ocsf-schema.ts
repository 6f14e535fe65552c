import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { resolvedSchema, type SchemaFiles } from './ocsf/resolve-schema.ts';

/**
 * Makes the JSON Schema that tests hold our OCSF events against, from the published schema. Run: node scripts/ocsf-schema.ts GIT-DIRECTORY
 * The directory is a clone of github.com/ocsf/ocsf-schema with the branch of the release; only the classes and objects that we use are taken over.
 */
const REVISION = 'v1.8.0';
const TARGET = join(import.meta.dirname, '../test/contract/ocsf-1.8.0.schema.json');

const [directory] = process.argv.slice(2);
if (directory === undefined) throw new Error('name the git directory of a clone of ocsf-schema');
const git = (...args: string[]): string => execFileSync('git', ['--git-dir', directory, ...args], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });

const commit = git('rev-parse', REVISION).trim();
const paths = git('ls-tree', '-r', '--name-only', commit).split('\n').filter((path) => /^(?:events|objects|profiles)\/.*\.json$|^(?:dictionary|categories|version)\.json$/.test(path));
const files: SchemaFiles = new Map(paths.map((path) => [path, JSON.parse(git('show', `${commit}:${path}`)) as unknown]));
const schema = resolvedSchema(files, `github.com/ocsf/ocsf-schema, branch ${REVISION}, commit ${commit}, Apache-2.0; made by scripts/ocsf-schema.ts`);
await writeFile(TARGET, `${JSON.stringify(schema, null, 1)}\n`);
