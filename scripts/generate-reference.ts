import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import './from-source.mjs';

/** Writes the generated part of `docs/reference`, from source. Run: node scripts/generate-reference.ts */
const { allReferenceFiles, REFERENCE_FOLDER } = await import('./reference/all-reference-files.ts');
for (const [path, text] of await allReferenceFiles()) {
  await mkdir(dirname(join(REFERENCE_FOLDER, path)), { recursive: true });
  await writeFile(join(REFERENCE_FOLDER, path), text);
}
