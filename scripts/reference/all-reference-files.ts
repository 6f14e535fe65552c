import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { referenceFiles } from '@mailwarden/contracts';
import { configurationPage } from './configuration-page.js';
import { dataCategoriesPage } from './data-categories-page.js';
import { filledPage } from './filled-page.js';
import { policyTables } from './policy-tables.js';
import { profileTables } from './profile-tables.js';
import { publishedSchemas } from './published-schemas.js';

export const REFERENCE_FOLDER = join(import.meta.dirname, '../../docs/reference');

const handWritten = (name: string): Promise<string> => readFile(join(REFERENCE_FOLDER, name), 'utf8');

/** Every file of the reference that is generated, wholly or in its tables, by its path below `docs/reference`. */
export async function allReferenceFiles(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ...referenceFiles(),
    ...(await publishedSchemas()),
    ['data-categories.md', await dataCategoriesPage()],
    ['configuration.md', configurationPage()],
    ['profiles.md', filledPage(await handWritten('profiles.md'), profileTables())],
    ['policies.md', filledPage(await handWritten('policies.md'), policyTables())],
  ]);
}
