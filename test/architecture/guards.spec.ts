import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { GUARDS } from '../stress/guards.js';
import { patched } from '../stress/patched-tree.js';

const ROOT = join(import.meta.dirname, '../..');

it.each(GUARDS.map(({ name, patches }) => [name, patches] as const))('the wall "%s" stands where bin/stress guards takes it away', (_name, patches) => {
  const sources = new Map(patches.map(({ file }) => [file, readFileSync(join(ROOT, file), 'utf8')]));
  expect(patched(sources, patches)).not.toEqual(sources);
});
