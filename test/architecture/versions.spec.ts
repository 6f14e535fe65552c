import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { WORKSPACE_ROOT } from './source-files.js';

const versionOf = (folder: string): string => (JSON.parse(readFileSync(join(WORKSPACE_ROOT, folder, 'package.json'), 'utf8')) as { version: string }).version;

it.each([
  ['apps/cli', 'src/version.ts'],
  ['apps/collector-agent', 'src/agent-version.ts'],
  ['libs/siem-formats', 'src/product.ts'],
])('%s says the version of its package', (folder, file) => {
  expect(readFileSync(join(WORKSPACE_ROOT, folder, file), 'utf8')).toContain(`= '${versionOf(folder)}';`);
});
