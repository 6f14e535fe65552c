import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import './from-source.mjs';

/**
 * Makes golden samples of new message types. Run: node scripts/seal-golden.ts UNSEALED.json...
 * Shape of each file: { signDocument?: { as, context }, envelope?: { id, source, type, subject, sequence, time }, data }; it is named as the sample will be.
 * A sample that is there is never made again: what was once released must be understood for ever.
 */
const { sealEnvelope, SIGNING_CONTEXTS } = await import('@mailwarden/contracts');
const { signDocument } = await import('@mailwarden/kernel');
const { sampleSigner } = await import('../test/contract/golden-keys.ts');

interface Unsealed {
  readonly signDocument?: { readonly as: string; readonly context: keyof typeof SIGNING_CONTEXTS };
  readonly envelope?: Omit<Parameters<typeof sealEnvelope>[1], 'data'>;
  readonly data: unknown;
}

const GOLDEN = join(import.meta.dirname, '../test/contract/golden');
const DIGESTS = join(GOLDEN, 'digests.json');

function sealed({ signDocument: by, envelope, data }: Unsealed): unknown {
  const document = by === undefined ? data : signDocument(sampleSigner(by.as), SIGNING_CONTEXTS[by.context], data);
  return envelope === undefined ? document : sealEnvelope(sampleSigner(envelope.source), { ...envelope, data: document });
}

const digests = (existsSync(DIGESTS) ? JSON.parse(await readFile(DIGESTS, 'utf8')) : {}) as Record<string, string>;
for (const file of process.argv.slice(2)) {
  const name = basename(file);
  if (digests[name] !== undefined) throw new Error(`${name} is a golden sample already; give the new one another name`);
  const text = `${JSON.stringify(sealed(JSON.parse(await readFile(file, 'utf8')) as Unsealed), null, 2)}\n`;
  await writeFile(join(GOLDEN, name), text, { flag: 'wx' });
  digests[name] = createHash('sha256').update(text).digest('hex');
}
await writeFile(DIGESTS, `${JSON.stringify(Object.fromEntries(Object.entries(digests).sort()), null, 2)}\n`);
