import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { referenceFiles } from '@mailwarden/contracts';

/** Writes the generated part of `docs/reference`. Run: node scripts/generate-reference.ts (after a build). */
const folder = join(import.meta.dirname, '../docs/reference');
for (const [path, text] of referenceFiles()) {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), text);
}
